// The local login page: one button for each person of the directory. No script, no request to anywhere else.

/** @typedef {import("./iam.mjs").Directory} Directory */

const STYLE = `
:root { color-scheme: light dark; --edge: #8884; --accent: #0b6e75; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; }
main { width: min(26rem, 100%); }
h1 { font-size: 1.4rem; margin: 0; }
p { margin: .25rem 0 1.25rem; opacity: .8; }
ul { list-style: none; margin: 0; padding: 0; display: grid; gap: .5rem; }
button { width: 100%; text-align: left; font: inherit; padding: .7rem .9rem; border: 1px solid var(--edge); border-radius: .5rem; background: none; color: inherit; cursor: pointer; }
button:hover, button:focus-visible { border-color: var(--accent); outline: 2px solid var(--accent); outline-offset: 1px; }
small { display: block; opacity: .75; }
`;

/**
 * @param {Directory} directory
 * @param {{ current: string | undefined, next: string }} options who is signed in, and where to go afterwards
 */
export function loginPage(directory, { current, next }) {
  const people = directory.people.filter((person) => person.active);
  const items = people.map((person) => {
    const groups = directory.groups.filter((group) => group.members.includes(person.email)).map((group) => group.name);
    return `<li><form method="post" action="/cdn-cgi/access/login">
<input type="hidden" name="redirect_url" value="${escape(next)}">
<button name="email" value="${escape(person.email)}">${escape(person.name)}<small>${escape(person.email)} · ${escape(groups.join(", ") || "no group")}</small></button>
</form></li>`;
  });
  const signedIn = current ? ` You are signed in as ${escape(current)}.` : "";
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · Town Lake</title><style>${STYLE}</style></head>
<body><main><h1>Sign in to Town Lake</h1>
<p>This page plays your company's login on this machine. Who would you like to be?${signedIn}</p>
<ul>${items.join("\n")}</ul></main></body></html>
`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
