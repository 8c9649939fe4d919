// SPDX licence expressions: `MIT OR (Apache-2.0 AND ISC)`, and the older `MIT/Apache-2.0`.

/**
 * Whether one of the choices that an expression leaves is allowed in all its parts.
 * @param {string} expression
 * @param {ReadonlySet<string>} allowed
 */
export function isAllowed(expression, allowed) {
  const words = expression.replaceAll("/", " OR ").replaceAll(/[()]/g, " $& ").split(/\s+/).filter(Boolean);
  let position = 0;

  /** @returns {boolean} */
  function either() {
    let result = both();
    while (words[position] === "OR") {
      position += 1;
      const right = both();
      result = result || right;
    }
    return result;
  }

  /** @returns {boolean} */
  function both() {
    let result = one();
    while (words[position] === "AND") {
      position += 1;
      const right = one();
      result = result && right;
    }
    return result;
  }

  /** @returns {boolean} */
  function one() {
    const word = words[position++];
    if (word === "(") {
      const result = either();
      if (words[position++] !== ")") throw new Error(`the licence \`${expression}\` has an open bracket`);
      return result;
    }
    if (word === undefined) throw new Error(`the licence \`${expression}\` ends early`);
    if (words[position] !== "WITH") return allowed.has(word);
    position += 1;
    return allowed.has(`${word} WITH ${words[position++]}`);
  }

  return either() && position === words.length;
}
