/** Tunnels through an Instance Connect Endpoint, opened as `aws ec2-instance-connect open-tunnel` opens them (facts §9.4); what they lead to is played. */
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { StreamError, type StreamTarget } from "../../src/host/protocol/stream.ts";
import { allowUser, createUser } from "./identity-steps.ts";
import { launchOne } from "./launch-one.ts";
import { openTerminalServer, openRequest, signedTerminal, type TerminalServer } from "./terminal-server.ts";
import { account, otherAccount } from "./test-server.ts";
import { presignedTunnel, TestTunnel } from "./tunnel-client.ts";
import { makeVpc } from "./vpc-parts.ts";

let server: TerminalServer;
let usual: TerminalServer["reach"];
let instance: string;
let place: { readonly instanceConnectEndpointId: string; readonly privateIpAddress: string };
let reached: StreamTarget | undefined;

const echo = (target: StreamTarget, guest: Duplex): void => {
  reached = target;
  guest.on("error", () => undefined).pipe(guest);
};

beforeAll(async () => {
  server = await openTerminalServer();
  const { ec2, subnetId: SubnetId } = await makeVpc(server);
  ({ instance } = await launchOne(server, { SubnetId }));
  const { InstanceConnectEndpoint: endpoint } = await ec2.createInstanceConnectEndpoint({ SubnetId });
  await server.hosts.settle();
  const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [instance] });
  place = { instanceConnectEndpointId: endpoint?.InstanceConnectEndpointId ?? "", privateIpAddress: reservation?.Instances?.[0]?.PrivateIpAddress ?? "" };
  usual = server.reach;
});
beforeEach(() => {
  [server.reach, reached] = [echo, undefined];
});
afterAll(() => server?.[Symbol.asyncDispose]());

const open = (change: Readonly<Record<string, string>> = {}, key: Parameters<typeof presignedTunnel>[2] = account) => new TestTunnel(presignedTunnel(server.url, { ...place, remotePort: "22", ...change }, key));

describe("a tunnel", () => {
  test("carries bytes both ways to the port of the private address, from the endpoint's interface", async () => {
    const tunnel = open();
    await tunnel.isOpen;
    const bytes = Buffer.alloc(65_000, "tunnel");
    for (let count = 0; count < 40; count += 1) tunnel.send(bytes);
    await expect.poll(() => tunnel.received).toBe(40 * bytes.length);
    const { NetworkInterfaces: [nic] = [] } = await server.ec2().describeNetworkInterfaces({ Filters: [{ Name: "interface-type", Values: ["ec2_instance_connect_endpoint"] }] });
    expect(reached).toEqual({ kind: "tunnel", endpointInterface: nic?.NetworkInterfaceId, address: place.privateIpAddress, port: 22 });
    expect(tunnel.requestId).toMatch(/^[\da-f-]{36}$/);
    tunnel.close();
    await expect.poll(() => tunnel.closeCode).toBe(1000);
    const events = async () => (await server.cloudTrail().lookupEvents({ LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "OpenTunnel" }] })).Events ?? [];
    await expect.poll(async () => JSON.parse((await events())[0]?.CloudTrailEvent ?? "{}")).toMatchObject({ eventSource: "ec2-instance-connect.amazonaws.com", requestParameters: { ...place, remotePort: "22" }, requestID: tunnel.requestId });
  });

  test("ends clean with what the guest has said last", async () => {
    server.reach = (_target, guest) => void guest.end("last words");
    const tunnel = open();
    await expect.poll(() => [tunnel.text, tunnel.closeCode]).toEqual(["last words", 1000]);
  });

  test("is cut when its time is over, and by a message of text", async () => {
    const [short, wrong] = [open({ maxTunnelDuration: "1" }), open()];
    await Promise.all([short.isOpen, wrong.isOpen]);
    wrong.send("text");
    await expect.poll(() => [short.closeCode, wrong.closeCode]).toEqual([1000, 1003]);
  });

  test("is one of twenty of its endpoint at most", async () => {
    const tunnels = Array.from({ length: 20 }, () => open());
    await Promise.all(tunnels.map((tunnel) => tunnel.isOpen));
    const refused = open();
    await expect.poll(() => refused.refusal?.status).toBe(429);
    for (const tunnel of tunnels) tunnel.close();
    const isFree = async () => {
      const tunnel = open();
      const isOpen = await tunnel.isOpen;
      tunnel.close();
      return isOpen;
    };
    await expect.poll(isFree).toBe(true);
  });
});

describe("through an endpoint that preserves clients' addresses", () => {
  const preserve = async (PreserveClientIp: boolean) => {
    await server.ec2().modifyInstanceConnectEndpoint({ InstanceConnectEndpointId: place.instanceConnectEndpointId, PreserveClientIp });
    await server.hosts.settle();
  };

  test("a client at the loopback gets no tunnel, and keeps the one that it has", async () => {
    const before = open();
    await before.isOpen;
    await preserve(true);
    reached = undefined;
    const during = open();
    await expect.poll(() => during.refusal).toEqual({ status: 400, text: expect.stringContaining("127.0.0.1, from where you call, is no address that a guest can answer") });
    before.send(Buffer.from("still here"));
    await expect.poll(() => before.text).toBe("still here");
    expect(reached).toBeUndefined();
    before.close();
  });

  test("one on another machine comes by its own address, and is not let in as an open account", async () => {
    const key = await createUser(server, "far", { Action: "ec2-instance-connect:OpenTunnel", Condition: { IpAddress: { "aws:SourceIp": "192.0.2.7" } } });
    const pretend = (socket: Socket) => Object.defineProperty(socket, "remoteAddress", { value: "192.0.2.7" });
    server.http.on("connection", pretend);
    const [tunnel, refused] = [open({}, key), open()];
    await Promise.all([tunnel.isOpen, refused.isOpen]);
    server.http.off("connection", pretend);
    expect([tunnel.refusal, refused.refusal]).toEqual([undefined, { status: 400, text: expect.stringContaining("The security token included in the request is invalid") }]);
    expect(reached).toMatchObject({ kind: "tunnel", address: place.privateIpAddress, clientAddress: "192.0.2.7" });
    await preserve(false);
    tunnel.send(Buffer.from("still here"));
    await expect.poll(() => tunnel.text).toBe("still here");
    tunnel.close();
  });
});

describe("there is no tunnel, and it is said why,", () => {
  test.each([
    ["to another port", { remotePort: "80" }, 400, "remotePort must be one of 22, 3389"],
    ["to an address that is none", { privateIpAddress: "localhost" }, 400, "privateIpAddress"],
    ["to an address that no guest has", { privateIpAddress: "10.0.9.250" }, 400, "No running instance"],
    ["to a public address", { privateIpAddress: "198.18.0.9" }, 400, "No running instance"],
    ["for longer than an hour", { maxTunnelDuration: "3601" }, 400, "maxTunnelDuration"],
    ["through an endpoint that does not exist", { instanceConnectEndpointId: "eice-0123456789abcdef0" }, 400, "does not exist"],
  ])("%s", async (_why, change, status, text) => {
    const tunnel = open(change);
    await expect.poll(() => tunnel.refusal).toEqual({ status, text: expect.stringContaining(text) });
  });

  test.each([["refused", 502], ["timed-out", 504], ["host-silent", 503]] as const)("when the connection is %s", async (code, status) => {
    server.reach = () => {
      throw new StreamError(code);
    };
    const tunnel = open();
    await expect.poll(() => tunnel.refusal?.status).toBe(status);
  });

  test("of another account's endpoint, with a wrong signature, an old one, one for longer than a minute, or none", async () => {
    const query = { ...place, remotePort: "22" };
    const tunnels = [
      open({}, otherAccount),
      open({}, { accessKeyId: account, secretAccessKey: "wrong" }),
      new TestTunnel(presignedTunnel(server.url, query, account, { nowMs: Date.now() - 61_000 })),
      new TestTunnel(presignedTunnel(server.url, query, account, { expires: 61 })),
      new TestTunnel(presignedTunnel(server.url, query, account, { service: "ec2" })),
      new TestTunnel(presignedTunnel(server.url, query, account).replace("remotePort=22", "remotePort=3389")),
      new TestTunnel(`${server.url.replace("http", "ws")}/openTunnel?${new URLSearchParams(query).toString()}`),
    ];
    await expect.poll(() => tunnels.map((tunnel) => (tunnel.refusal?.status ?? 0) >= 400)).toEqual(tunnels.map(() => true));
    expect(reached).toBeUndefined();
  });
});

describe("a user", () => {
  const statement = (condition: object) => ({ Action: "ec2-instance-connect:OpenTunnel", Resource: `arn:aws:ec2:us-east-1:${account}:instance-connect-endpoint/*`, Condition: condition });

  test("opens tunnels by their port, their address and their longest time, as the policies allow", async () => {
    const conditions = { NumericEquals: { "ec2-instance-connect:remotePort": "22" }, IpAddress: { "ec2-instance-connect:privateIpAddress": "10.0.0.0/16" }, NumericLessThanEquals: { "ec2-instance-connect:maxTunnelDuration": "600" } };
    const key = await createUser(server, "tess", statement(conditions));
    const [allowed, longer, unsaid, otherPort] = [open({ maxTunnelDuration: "600" }, key), open({ maxTunnelDuration: "601" }, key), open({}, key), open({ maxTunnelDuration: "600", remotePort: "3389" }, key)];
    expect(await allowed.isOpen).toBe(true);
    allowed.close();
    await expect.poll(() => [longer, unsaid, otherPort].map((tunnel) => tunnel.refusal?.status)).toEqual([403, 403, 403]);
  });

  test("gets a terminal of a guest without public address through the endpoint, where both rights are given", async () => {
    server.reach = usual;
    const push = { Action: "ec2-instance-connect:SendSSHPublicKey" };
    const key = await createUser(server, "tom", push);
    const refused = signedTerminal(server, openRequest(instance), key);
    await expect.poll(() => refused.end).toBe("forbidden");
    await allowUser(server, "tom", push, { Action: "ec2-instance-connect:OpenTunnel" });
    const terminal = signedTerminal(server, openRequest(instance), key);
    await expect.poll(() => terminal.id || terminal.end).toMatch(/^[\da-f]{8}-/);
    terminal.type("through the endpoint");
    await expect.poll(() => terminal.output).toContain("through the endpoint");
    terminal.say({ type: "end" });
  });
});
