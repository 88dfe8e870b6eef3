/** Text inside XML elements. */

const special = new RegExp(String.raw`[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}`, "u");
const specials = new RegExp(special.source, "gu");

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;" };

/** The text as element content. What XML 1.0 has no way to write, control characters and half pairs, becomes U+FFFD. */
export function escapeXml(text: string): string {
  return special.test(text) ? text.replace(specials, (character) => escapes[character] ?? "\ufffd") : text;
}
