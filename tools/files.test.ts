import { describe, expect, test } from "vitest";
import { projectFiles, readProjectFile } from "./source-files.ts";

const files = projectFiles();
const typescript = files.filter((file) => file.endsWith(".ts") || file.endsWith(".tsx"));
const texts = files.filter((file) => !/\.(?:png|ico|gz|zst|qcow2|jpg|woff2)$/.test(file));

/** Joined from pieces, so that this file does not name what it forbids. */
const registryHosts = [["registry", "npmjs", "org"], ["deb", "debian", "org"], ["security", "debian", "org"], ["nodesource", "com"]].map((parts) => parts.join("."));
const workplacePaths = [["", "work", "(?:main|shared|\\.library)"], ["", "tmp", "rt\\b"], ["", "root", "\\.(?:pyenv|npm)"]].map((parts) => parts.join("/"));

describe("every file of the project", () => {
  test("has at most 300 lines, or its header says after `Length:` why not", () => {
    const long = typescript.filter((file) => {
      const text = readProjectFile(file);
      return text.split("\n").length > 301 && !/^\/\*\*(?:(?!\*\/)[\s\S])*Length:/.test(text);
    });
    expect(long).toEqual([]);
  });

  test("has a name that says what it is", () => {
    const vague = /^(?:utils?|helpers?|common|managers?|misc)$/;
    const nameless = files.filter((file) => file.split("/").some((part) => part.split(/[.-]/).some((word) => vague.test(word))));
    expect(nameless).toEqual([]);
  });

  test("names no package registry's host", () => {
    expect(texts.filter((file) => registryHosts.some((host) => readProjectFile(file).includes(host)))).toEqual([]);
  });

  test("names no path of the machine that it was written on", () => {
    const pattern = new RegExp(workplacePaths.map((path) => `(?<![\\w.])${path}`).join("|"));
    expect(texts.filter((file) => pattern.test(readProjectFile(file)))).toEqual([]);
  });

  test("of the program says what it promises", () => {
    const modules = typescript.filter((file) => file.startsWith("src/") && !file.endsWith(".test.ts"));
    // An action's file is the action: the comment stands on it, below the imports.
    const bare = modules.filter((file) => !readProjectFile(file).includes("/**"));
    expect(bare).toEqual([]);
  });
});
