// `TOWNLAKE_POSTGRES`: more Postgres databases as catalogs of the embedded engine.

/** Names that the demo's own catalogs have. */
const TAKEN = new Set(["tpch", "lake", "files", "postgres", "system"]);

/**
 * Reads `[catalog=]postgres://user:password@host:port/database`, several separated by spaces. Without a catalog's
 * name the database's is taken.
 * @param {string | undefined} text
 * @returns {{ catalog: string, url: string }[]}
 */
export function parsePostgresCatalogs(text) {
  const seen = new Set(TAKEN);
  return (text ?? "").split(/\s+/).filter(Boolean).map((word) => {
    const [, name, address] = /^(?:([^=:/]+)=)?(.*)$/.exec(word) ?? [];
    const url = addressOf(address);
    const catalog = name ?? decodeURIComponent(url.pathname.slice(1)).toLowerCase().replaceAll(/[^a-z0-9_]/g, "_");
    if (!/^[a-z][a-z0-9_]*$/.test(catalog)) {
      throw new Error(`TOWNLAKE_POSTGRES: \`${catalog}\` cannot name a catalog (a letter, then letters, digits and _); name it: name=postgres://...`);
    }
    if (seen.has(catalog)) throw new Error(`TOWNLAKE_POSTGRES: there is already a catalog \`${catalog}\`; choose another name: name=postgres://...`);
    seen.add(catalog);
    return { catalog, url: address };
  });
}

/** The address itself is in no message: it holds a password. @param {string} address */
function addressOf(address) {
  let url;
  try {
    url = new URL(address);
  } catch {
    throw new Error("TOWNLAKE_POSTGRES is not an address; it looks like postgres://user:password@host:5432/database");
  }
  if (!["postgres:", "postgresql:"].includes(url.protocol)) throw new Error(`TOWNLAKE_POSTGRES starts with \`${url.protocol}//\`; it has to be postgres://`);
  if (url.pathname.length < 2) throw new Error("TOWNLAKE_POSTGRES names no database; it looks like postgres://user:password@host:5432/database");
  return url;
}
