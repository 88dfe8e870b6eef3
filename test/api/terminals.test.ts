/** Terminals in guests, over the service's WebSocket: what is typed and seen, what ends them, and who gets none. */
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { terminalWindow } from "../../src/base/terminal-protocol.ts";
import { StreamError } from "../../src/host/protocol/stream.ts";
import { serveSsh } from "./guest-with-ssh.ts";
import { allowUser, createUser } from "./identity-steps.ts";
import { launchRunning, openRequest, openTerminalServer, signedTerminal, type TerminalServer, type TestTerminal } from "./terminal-server.ts";
import { account, region, type Key } from "./test-server.ts";

let server: TerminalServer;
let id: string;
let usual: Pick<TerminalServer, "reach" | "shell">;

beforeAll(async () => {
  server = await openTerminalServer();
  id = await launchRunning(server);
  usual = { reach: server.reach, shell: server.shell };
});
beforeEach(() => Object.assign(server, usual));
afterAll(() => server?.[Symbol.asyncDispose]());

async function opened(terminal: TestTerminal): Promise<void> {
  await expect.poll(() => terminal.id || terminal.end).toMatch(/^[\da-f]{8}-/);
}

async function ended(terminal: TestTerminal, code: string): Promise<void> {
  await expect.poll(() => terminal.end).toBe(code);
}

const messageOf = (terminal: TestTerminal) => terminal.messages.map((message) => (message.type === "ended" ? message.message : "")).join("");

describe("a terminal", () => {
  test("carries what is typed and shown, in UTF-8, and its size", async () => {
    const sizes: object[] = [];
    server.shell = (shell) => {
      sizes.push(shell.size());
      shell.channel.on("data", (data: Buffer) => shell.channel.write(`${shell.user}: ${data.toString()}`));
      server.shell = usual.shell;
      resized = () => sizes.push(shell.size());
    };
    let resized = () => 0;
    const terminal = signedTerminal(server, openRequest(id, { columns: 100, rows: 30 }));
    await opened(terminal);
    terminal.type("grüße ☃");
    await expect.poll(() => terminal.output).toBe("admin: grüße ☃");
    terminal.say({ type: "resize", columns: 120, rows: 40 });
    terminal.type(".");
    await expect.poll(() => terminal.output).toContain("admin: .");
    resized();
    expect(sizes).toEqual([{ columns: 100, rows: 30 }, { columns: 120, rows: 40 }]);
    expect(terminal.messages.map((message) => (message.type === "progress" ? message.step : message.type))).toEqual(["key", "connection", "login", "opened"]);
    terminal.say({ type: "end" });
    await ended(terminal, "closed");
  });

  test("ends with its shell, all of whose output comes before", async () => {
    server.shell = ({ channel }) => {
      channel.write("last words");
      channel.exit(7);
      channel.end();
    };
    const terminal = signedTerminal(server, openRequest(id));
    await ended(terminal, "exit");
    expect([terminal.output, terminal.messages.at(-1)]).toEqual(["last words", { type: "ended", code: "exit", message: "The shell ended with status 7.", status: 7 }]);
    await expect.poll(() => [terminal.closed, server.terminals.count], { timeout: 10_000 }).toEqual([true, 0]);
  });

  test("lets a flood wait in the guest until it is shown", async () => {
    let written = 0;
    server.shell = ({ channel }) => {
      const chunk = Buffer.alloc(16 * 1024, "y\n");
      const fill = () => {
        for (let more = true; more; written += chunk.length) more = channel.write(chunk);
      };
      channel.on("drain", fill).on("error", () => undefined);
      fill();
    };
    const terminal = signedTerminal(server, openRequest(id));
    terminal.acknowledges = false;
    await expect.poll(() => terminal.received).toBeGreaterThanOrEqual(terminalWindow);
    let before = -1;
    await expect.poll(() => before === (before = terminal.received), { interval: 200 }).toBe(true);
    expect(terminal.received).toBeLessThan(2 * terminalWindow);
    expect(written).toBeLessThan(8 * 1024 * 1024);
    terminal.acknowledges = true;
    terminal.say({ type: "acknowledge", received: terminal.received });
    await expect.poll(() => terminal.received).toBeGreaterThan(8 * terminalWindow);
    terminal.say({ type: "end" });
    await ended(terminal, "closed");
  });

  test("is taken up again where a connection was cut, with what was not shown", async () => {
    let speak = (_text: string) => false;
    server.shell = ({ channel }) => (speak = (text) => channel.write(text));
    const first = signedTerminal(server, openRequest(id));
    await opened(first);
    speak("one ");
    await expect.poll(() => first.output).toBe("one ");
    first.cut();
    speak("two ");
    const second = signedTerminal(server, { type: "resume", terminal: first.id, received: first.received });
    await expect.poll(() => second.output).toBe("two ");
    const third = signedTerminal(server, { type: "resume", terminal: first.id, received: 0 });
    await opened(third);
    await ended(second, "replaced");
    speak("three");
    await expect.poll(() => third.output).toMatch(/three$/);
    const stranger = signedTerminal(server, { type: "resume", terminal: first.id, received: 0 }, "222222222222");
    await ended(stranger, "gone");
    third.say({ type: "end" });
    await ended(third, "closed");
  });
});

describe("a serial console", () => {
  const openSerial = (key: Key = account) => signedTerminal(server, { type: "open-serial", region, instance: id }, key);
  const latency = { freeMs: 0 };

  beforeEach(async () => {
    await server.ec2().enableSerialConsoleAccess({});
    latency.freeMs = 0;
    let isTaken = false;
    server.reach = (target, guest) => {
      if (target.kind !== "serial") throw new StreamError("unsupported");
      if (isTaken) throw new StreamError("busy");
      isTaken = true;
      guest.once("close", () => setTimeout(() => (isTaken = false), latency.freeMs));
      guest.write("what the guest said of late\r\n");
      guest.pipe(guest);
    };
  });

  test("shows what the guest said of late, takes what is typed, and leaves the event that a pushed key leaves", async () => {
    const terminal = openSerial();
    await expect.poll(() => terminal.output).toContain("of late");
    terminal.say({ type: "resize", columns: 120, rows: 40 });
    terminal.type("admin\r");
    await expect.poll(() => terminal.output).toContain("admin\r");
    terminal.say({ type: "end" });
    await ended(terminal, "closed");
    const { Events: [event] = [] } = await server.cloudTrail().lookupEvents({ LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "SendSerialConsoleSSHPublicKey" }] });
    expect(JSON.parse(event?.CloudTrailEvent ?? "{}")).toMatchObject({ requestParameters: { instanceId: id } });
  });

  test("has one user at a time; a page that was loaded anew takes the place of the one before", async () => {
    const first = openSerial();
    await opened(first);
    const other = openSerial(await createUser(server, "sue", { Action: "ec2-instance-connect:*" }));
    await ended(other, "busy");
    const again = openSerial();
    await ended(again, "busy"); // somebody looks at the first
    latency.freeMs = 500;
    first.cut();
    const second = openSerial();
    await opened(second);
    await ended(signedTerminal(server, { type: "resume", terminal: first.id, received: 0 }), "gone");
    second.say({ type: "end" });
    await ended(second, "closed");
  });

  test("is not for an account that has not enabled them, nor for who may only have shells", async () => {
    await ended(openSerial(await createUser(server, "sid", { Action: "ec2-instance-connect:SendSSHPublicKey" })), "forbidden");
    await server.ec2().disableSerialConsoleAccess({});
    const terminal = openSerial();
    await ended(terminal, "forbidden");
    expect(messageOf(terminal)).toContain("EnableSerialConsoleAccess");
  });

  test("ends with the instance, and says so", async () => {
    const reach = server.reach;
    let guest: Duplex | undefined;
    server.reach = (target, end) => reach(target, (guest = end));
    const terminal = openSerial();
    await opened(terminal);
    guest?.unpipe(guest).end();
    await ended(terminal, "lost");
    expect(messageOf(terminal)).toContain("The instance has ended");
  });
});

describe("there is no terminal, and it is said why,", () => {
  test.each([
    ["of a guest that does not exist", () => signedTerminal(server, openRequest("i-0123456789abcdef0")), "no-instance", "does not exist"],
    ["for a name that no user has", () => signedTerminal(server, openRequest(id, { user: "-oProxyCommand=x" })), "invalid", ""],
    ["of another account's guest", () => signedTerminal(server, openRequest(id), "222222222222"), "no-instance", "does not exist"],
  ])("%s", async (_why, open, code, text) => {
    const terminal = open();
    await ended(terminal, code);
    expect(messageOf(terminal)).toContain(text);
  });

  test.each([
    ["refused", "refused", "Nothing listens on port 22"],
    ["timed-out", "no-answer", "allow TCP port 22 from 198.19.255.248/29"],
    ["host-silent", "host-silent", "Try again"],
  ] as const)("when a guest is %s", async (found, code, text) => {
    server.reach = () => {
      throw new StreamError(found);
    };
    const terminal = signedTerminal(server, openRequest(id));
    await ended(terminal, code);
    expect(messageOf(terminal)).toContain(text);
  });

  test("when the guest does not take the key, or does not speak SSH", async () => {
    server.reach = (_target, guest) => void setImmediate(() => serveSsh(guest, () => false, () => undefined));
    const refused = signedTerminal(server, openRequest(id));
    await ended(refused, "login");
    server.reach = (_target, guest) => void guest.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    const other = signedTerminal(server, openRequest(id));
    await ended(other, "not-ssh");
    expect(messageOf(other)).toContain("does not speak SSH");
  });
});

describe("a user", () => {
  const rights = { Action: "ec2-instance-connect:SendSSHPublicKey", Condition: { StringEquals: { "ec2:osuser": "admin" } } };

  test("opens terminals as the policies allow, by the guest's user too, and loses them within five seconds of losing the right", async () => {
    const key = await createUser(server, "ann", rights);
    const [terminal, other] = [signedTerminal(server, openRequest(id), key), signedTerminal(server, openRequest(id, { user: "root" }), key)];
    await opened(terminal);
    await ended(other, "forbidden");
    await allowUser(server, "ann");
    const began = performance.now();
    await ended(terminal, "forbidden");
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  test("loses them with the key that opened them", async () => {
    const key = await createUser(server, "bob", rights);
    const terminal = signedTerminal(server, openRequest(id), key);
    await opened(terminal);
    await server.iam().deleteAccessKey({ UserName: "bob", AccessKeyId: key.accessKeyId });
    await ended(terminal, "forbidden");
  });

  test("needs a signature that is good, and for this service", async () => {
    const terminal = signedTerminal(server, openRequest(id), { accessKeyId: "111111111111", secretAccessKey: "wrong" });
    const other = signedTerminal(server, openRequest(id), account, "sts");
    await expect.poll(() => [terminal.refusal?.status, other.refusal?.status]).toEqual([400, 401]);
  });
});

test("Messages that are none of a terminal end the connection", async () => {
  for (const message of ["{", "[]", "null", JSON.stringify({ type: "open" }), JSON.stringify({ type: "resize", columns: 1, rows: 1 }), JSON.stringify({ type: "end" }), "x".repeat(70_000)]) {
    const terminal = signedTerminal(server);
    await terminal.isOpen;
    terminal.send(message);
    await expect.poll(() => terminal.closed).toBe(true);
  }
});

test("A terminal that nobody takes up again ends after the grace time, one into which nobody types after the idle time", async () => {
  await using hasty = await openTerminalServer({ graceMs: 100, idleMs: 1_500, checkMs: 100 });
  const instance = await launchRunning(hasty);
  const [left, idle] = [signedTerminal(hasty, openRequest(instance)), signedTerminal(hasty, openRequest(instance))];
  await Promise.all([opened(left), opened(idle)]);
  left.cut();
  await expect.poll(() => hasty.terminals.count, { timeout: 10_000 }).toBe(1);
  await ended(signedTerminal(hasty, { type: "resume", terminal: left.id, received: 0 }), "gone");
  await ended(idle, "idle");
});

test("A guest that stops ends its terminals, and gets no more", async () => {
  const terminal = signedTerminal(server, openRequest(id));
  await opened(terminal);
  await server.ec2().stopInstances({ InstanceIds: [id] });
  await ended(terminal, "not-running");
  await ended(signedTerminal(server, openRequest(id)), "not-running");
});
