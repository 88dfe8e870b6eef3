/**
 * Bytes of an XML document, written from its first to its last. Answers of hundreds of kilobytes are made of ten thousand small texts: as strings they would
 * first become a tree and then be walked again; written as bytes at once they cost a quarter. One writer serves one document after the other.
 */
import { escapeXml } from "./xml-text.ts";

/** Memory beyond this is given back after an answer that needed it. */
const keptBytes = 1024 * 1024;
const firstBytes = 16 * 1024;
/** A character of UTF-16 never takes more as an entity or in UTF-8 (`&quot;`). */
const longestCharacter = 6;

/** What stands for itself in element content: printable ASCII, tab and line feed, but for `&`, `<`, `>` and `"`. */
const isPlain = Uint8Array.from({ length: 128 }, (_, code) => ((code >= 0x20 && code < 0x7f) || code === 9 || code === 10 ? 1 : 0) & ("&<>\"".includes(String.fromCharCode(code)) ? 0 : 1));

/** Tags and other fixed text, made into bytes once. */
export type Markup = Uint8Array;

export function toMarkup(text: string): Markup {
  return Uint8Array.from(Buffer.from(text));
}

export class XmlWriter {
  #bytes = Buffer.allocUnsafeSlow(firstBytes);
  /** How much is written. */
  length = 0;

  markup(markup: Markup): void {
    this.#reserve(markup.length);
    this.#bytes.set(markup, this.length);
    this.length += markup.length;
  }

  /** Text as element content. */
  text(text: string): void {
    this.#reserve(text.length * longestCharacter);
    const bytes = this.#bytes;
    let at = this.length;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (isPlain[code] !== 1) {
        at = this.length + bytes.write(escapeXml(text), this.length, "utf8");
        break;
      }
      bytes[at++] = code;
    }
    this.length = at;
  }

  /** Takes back what was written behind this place. */
  backTo(length: number): void {
    this.length = length;
  }

  /** What was written since this place. */
  copyFrom(length: number): Markup {
    const copy = Buffer.allocUnsafeSlow(this.length - length);
    this.#bytes.copy(copy, 0, length, this.length);
    return copy;
  }

  /** The document; the writer begins the next one. */
  finish(): Uint8Array {
    const document = this.copyFrom(0);
    this.length = 0;
    if (this.#bytes.length > keptBytes) this.#bytes = Buffer.allocUnsafeSlow(firstBytes);
    return document;
  }

  #reserve(count: number): void {
    if (this.length + count <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.length + count));
    this.#bytes.copy(larger, 0, 0, this.length);
    this.#bytes = larger;
  }
}
