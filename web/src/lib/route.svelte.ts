/** The page that is shown, kept in the address bar. */
export const route = $state({ path: location.pathname, query: new URLSearchParams(location.search) });

function read() {
  route.path = location.pathname;
  route.query = new URLSearchParams(location.search);
}

export function go(href: string) {
  history.pushState(null, "", href);
  read();
}

window.addEventListener("popstate", read);

/** Turns plain clicks on our own links into page changes; everything else stays the browser's. */
export function followLinks(event: MouseEvent) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = (event.target as Element).closest("a");
  if (!link || link.target || link.origin !== location.origin || link.pathname.startsWith("/cdn-cgi/")) return;
  event.preventDefault();
  go(link.pathname + link.search);
}
