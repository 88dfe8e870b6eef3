import { afterEach, describe, expect, test, vi } from "vitest";
import { buildProgram, run } from "./program.ts";

const output: string[] = [];
function capture(): void {
  output.length = 0;
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      output.push(String(text));
      return true;
    });
  }
}
afterEach(() => void vi.restoreAllMocks());

async function runCaptured(...argv: string[]): Promise<{ readonly code: number; readonly text: string }> {
  capture();
  return { code: await run(argv), text: output.join("") };
}

const commands = buildProgram().commands.map((command) => command.name());

describe("the command line", () => {
  test("has help for every command, which ends with 0", async () => {
    for (const command of commands) {
      const { code, text } = await runCaptured(command, "--help");
      expect({ command, code, hasUsage: text.includes("Usage: hostelry ") }).toEqual({ command, code: 0, hasUsage: true });
    }
  });

  test("shows its own processes to nobody", async () => {
    const { text } = await runCaptured("--help");
    expect(commands.filter((name) => new RegExp(`^  ${name}\\b`, "m").test(text))).toEqual(commands.filter((name) => !["supervise", "control-plane", "agent", "machine", "build-image", "build-console", "warm"].includes(name)));
  });

  test.each([
    [["upp"], /unknown command 'upp'/],
    [["up", "--prot", "1"], /unknown option '--prot'[\s\S]*--port/],
    [["up", "--port", "70000"], /A port is a number from 0 to 65535/],
    [["up", "--listen", "0.0.0.0"], /Expected an IPv4 address of this machine/],
    [["up", "--detach", "--foreground"], /cannot be used with/],
    [["image", "import", "disk.raw"], /required option '--name <name>'/],
    [["logs", "--lines", "many"], /Expected a whole number/],
    [["reach", "internet"], /missing required argument 'to\[:port\]'/],
    [["reach", "internet", "i-1:22", "--protocol", "gre"], /Allowed choices are tcp, udp, icmp/],
    [["reach", "internet", "i-1:web"], /'web' is no port[\s\S]*from 1 to 65535/],
    [["agent", "--data", "/nowhere"], /required option '--node <id>'/],
  ])("refuses %j with 2 and says why", async (argv, message) => {
    const { code, text } = await runCaptured(...argv);
    expect({ code, text }).toEqual({ code: 2, text: expect.stringMatching(message) });
  });

  test.each(["status", "env", "logs", "image list", "reach internet i-1:22"])("`%s` of nothing ends with 3 and says how to start it", async (command) => {
    const { code, text } = await runCaptured(...command.split(" "), "--data", "/nonexistent/hostelry");
    expect({ code, text }).toEqual({ code: 3, text: "hostelry: Hostelry is not running (data directory /nonexistent/hostelry).\n  Start it: ./hostelry up\n" });
  });

  test("`down` of nothing is fine", async () => {
    expect(await runCaptured("down", "--data", "/nonexistent/hostelry")).toEqual({ code: 0, text: "Hostelry was not running.\n" });
  });
});
