import { expect, test } from "vitest";
import { debianSourcesFor, formatAptSources, parseAptSources, withBackports } from "./apt-sources.ts";

const paragraphs = `Types: deb deb-src
# a mirror
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb
URIs: https://vendor.example/apt
Suites: bookworm
Components: stable

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
`;

test("Debian's own sources are taken from paragraphs, other vendors' and switched-off ones are not", () => {
  expect(debianSourcesFor("bookworm", parseAptSources("debian.sources", paragraphs))).toEqual([
    {
      uris: ["http://mirror.example/debian"],
      suites: ["bookworm", "bookworm-updates"],
      components: ["main"],
      signedBy: "/usr/share/keyrings/debian-archive-keyring.gpg",
    },
    { uris: ["http://mirror.example/debian-security"], suites: ["bookworm-security"], components: ["main"] },
  ]);
});

test("sources in lines are read, with their options", () => {
  const lines = "# deb http://old.example bookworm main\ndeb [arch=amd64 signed-by=/etc/key.gpg] http://mirror.example/debian bookworm main non-free # ours\ndeb-src http://mirror.example/debian bookworm main\n";
  expect(debianSourcesFor("bookworm", parseAptSources("sources.list", lines))).toEqual([
    { uris: ["http://mirror.example/debian"], suites: ["bookworm"], components: ["main"], signedBy: "/etc/key.gpg" },
  ]);
});

test("a machine with another Debian release lends its mirrors to the wanted one", () => {
  const lines = "deb http://mirror.example/debian trixie main\ndeb http://mirror.example/security trixie-security main\n";
  const suites = debianSourcesFor("bookworm", parseAptSources("sources.list", lines)).map((source) => source.suites);
  expect(suites).toEqual([["bookworm"], ["bookworm-security"]]);
});

test("a machine without a Debian mirror is told what to add", () => {
  expect(() => debianSourcesFor("bookworm", parseAptSources("sources.list", "deb http://vendor.example jammy main\n"))).toThrow("no Debian mirror");
});

test("what is written is read back", () => {
  const sources = debianSourcesFor("bookworm", parseAptSources("debian.sources", paragraphs));
  expect(parseAptSources("x.sources", formatAptSources(sources))).toEqual(sources);
});

test("backports come from the mirror of the release, not from that of its security", () => {
  const sources = debianSourcesFor("bookworm", parseAptSources("debian.sources", paragraphs));
  expect(withBackports("bookworm", sources).map((source) => source.suites)).toEqual([["bookworm", "bookworm-updates", "bookworm-backports"], ["bookworm-security"]]);
});
