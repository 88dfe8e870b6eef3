import { expect, test } from "vitest";
import { cpioArchive } from "./cpio.ts";

interface Member {
  readonly name: string;
  readonly mode: string;
  readonly content: string;
  readonly device: string;
}

/** Reads the archive as the kernel does: header, name, content, each padded to a multiple of four. */
function membersOf(archive: Buffer): Member[] {
  const members: Member[] = [];
  for (let at = 0; at < archive.length; ) {
    const field = (index: number) => Number.parseInt(archive.toString("latin1", at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, nameSize] = [field(1), field(6), field(11)];
    expect(archive.toString("latin1", at, at + 6)).toBe("070701");
    const content = Math.ceil((at + 110 + nameSize) / 4) * 4;
    members.push({
      name: archive.toString("utf8", at + 110, at + 110 + nameSize - 1),
      mode: mode.toString(8),
      content: archive.toString("utf8", content, content + size),
      device: `${field(9)}:${field(10)}`,
    });
    at = Math.ceil((content + size) / 4) * 4;
  }
  return members;
}

test("directories, files, links and devices come out as they went in, with a trailer", () => {
  const archive = cpioArchive([
    { kind: "directory", name: "bin" },
    { kind: "file", name: "bin/init", content: Buffer.from("#!/bin/sh\n"), mode: 0o755 },
    { kind: "link", name: "bin/sh", target: "busybox" },
    { kind: "character-device", name: "console", major: 5, minor: 1 },
    { kind: "file", name: "empty", content: Buffer.alloc(0) },
  ]);
  expect(membersOf(archive)).toEqual([
    { name: "bin", mode: "40755", content: "", device: "0:0" },
    { name: "bin/init", mode: "100755", content: "#!/bin/sh\n", device: "0:0" },
    { name: "bin/sh", mode: "120777", content: "busybox", device: "0:0" },
    { name: "console", mode: "20600", content: "", device: "5:1" },
    { name: "empty", mode: "100644", content: "", device: "0:0" },
    { name: "TRAILER!!!", mode: "0", content: "", device: "0:0" },
  ]);
});

test("an absolute name is refused", () => {
  expect(() => cpioArchive([{ kind: "directory", name: "/bin" }])).toThrow("relative");
});
