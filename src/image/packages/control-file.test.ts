import { expect, test } from "vitest";
import { formatControl, parseControl } from "./control-file.ts";

const text = `Package: bash
Version: 5.2.15-2+b13
Description: GNU Bourne Again SHell
 Bash is an sh-compatible command language interpreter.
 .
 It has: colons.

Package: dash
Essential: yes
`;

test("paragraphs are read with values of several lines, and written back the same", () => {
  const paragraphs = parseControl(text);
  expect(paragraphs.map((paragraph) => [paragraph.get("Package"), paragraph.get("Essential")])).toEqual([["bash", undefined], ["dash", "yes"]]);
  expect(paragraphs.map(formatControl).join("\n")).toBe(text);
});
