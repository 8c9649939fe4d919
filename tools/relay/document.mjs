// What of a policy document the relay looks at before it hands it on.

/** The sections of Trino's file-based access control. One that is missing or null would be open to everyone. */
const SECTIONS = [
  "catalogs", "schemas", "tables", "queries", "impersonation", "principals", "system_information",
  "system_session_properties", "catalog_session_properties", "functions", "procedures", "authorization",
];

/** Groups that the policy made for its rules begin so. Their name is a hash of their members. */
const SYNTHETIC = "c.";

/** Trino's group file knows no escapes: names with other characters would say something else in it. */
const PLAIN = /^[^\s:,#]+$/;

/** @typedef {Record<string, string[]>} Groups */
/** @typedef {{ text: string, groups: Groups, version: number, validUntil: number }} Policy */

/**
 * Reads a document. Whether its rules are right is their author's to check and Trino's; here it only must not be cut off.
 * @param {string} text
 * @returns {Policy}
 */
export function readPolicy(text) {
  const document = JSON.parse(text);
  const missing = SECTIONS.filter((section) => !Array.isArray(document?.trino?.[section]));
  if (missing.length > 0) throw new Error(`the policy document lacks ${missing.map((section) => `\`${section}\``).join(", ")}, which Trino would leave open`);
  const { version, valid_until: until } = document.meta ?? {};
  return { text, groups: groupsOf(document.groups), version: Number(version), validUntil: momentOf(until) };
}

/** @param {unknown} text @returns {number} milliseconds since 1970 */
export function momentOf(text) {
  const moment = Date.parse(String(text));
  if (Number.isNaN(moment)) throw new Error(`the policy's end of validity is \`${text}\`, which is no time`);
  return moment;
}

/** @param {unknown} groups @returns {Groups} */
function groupsOf(groups) {
  if (typeof groups !== "object" || groups === null) throw new Error("the policy document has no groups");
  for (const [group, members] of Object.entries(groups)) {
    if (!Array.isArray(members)) throw new Error(`the group \`${group}\` has no list of members`);
    const odd = [group, ...members].find((name) => !PLAIN.test(name));
    if (odd !== undefined) throw new Error(`the group \`${group}\` cannot be written to a group file because of \`${odd}\``);
  }
  return /** @type {Groups} */ (groups);
}

/**
 * Groups that stay for a while after the policy has dropped them, as rules of a moment ago may still name them. Only
 * those whose name is a hash of their members: any other would go on with members that have left it.
 * @param {Groups} before
 * @param {Groups} now
 * @returns {Groups}
 */
export function lingering(before, now) {
  return Object.fromEntries(Object.entries(before).filter(([group]) => group.startsWith(SYNTHETIC) && !(group in now)));
}

/** Trino's group file. @param {Groups} groups */
export const groupFile = (groups) =>
  Object.entries(groups).filter(([, members]) => members.length > 0).map(([group, members]) => `${group}:${members.join(",")}\n`).join("");
