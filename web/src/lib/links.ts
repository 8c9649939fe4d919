/** A text cut at its links: refusals carry their way out as an address in the message. */
export interface Piece {
  text: string;
  href?: string;
}

const ADDRESS = /https?:\/\/[^\s"'<>]+[^\s"'<>.,;:)]/g;

/** The pieces of a message. Addresses of this platform become paths, so that they open in this page. */
export function pieces(message: string, origins: string[]): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of message.matchAll(ADDRESS)) {
    if (match.index > end) found.push({ text: message.slice(end, match.index) });
    const address = match[0];
    const origin = origins.find((candidate) => address.startsWith(`${candidate}/`));
    found.push({ text: address, href: origin ? address.slice(origin.length) : address });
    end = match.index + address.length;
  }
  if (end < message.length) found.push({ text: message.slice(end) });
  return found;
}
