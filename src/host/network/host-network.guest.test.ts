import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sendSignal } from "../send-signal.ts";
import { loadRules, runCommand } from "./command.ts";
import { findDnsmasq } from "./dnsmasq.ts";
import { interfaceDevices, nodeNamespace, vpcNamespace } from "./names.ts";
import { fastestMs } from "./testing/fastest.ts";
import { Outside } from "./testing/outside.ts";
import { interfaceSpecimen, machineSpecimen } from "./testing/specimens.ts";
import { TwoHosts } from "./testing/two-hosts.ts";
import { httpCommand, type UmlGuest } from "./testing/uml-guest.ts";
import { placed, vpcSpecimen } from "./testing/vpc-specimens.ts";

let outside: Outside;
let hosts: TwoHosts;
let one: UmlGuest;
let two: UmlGuest;
let onB: UmlGuest;
const privateAddress = "172.31.0.5";
const nicOne = () => interfaceSpecimen("1", "1", privateAddress, hosts.publicAddress(11));
const nicTwo = () => interfaceSpecimen("2", "2", privateAddress);
const nicOnB = (publicAddress?: string) => interfaceSpecimen("3", "1", "172.31.0.6", publicAddress);
const resolverDirectory = () => `${hosts.directory}/a/run/network/${nicOne().vpc.id}`;
const addressOf = (host: "a" | "b") => hosts.plan.nodes.find(({ id }) => id === host)?.address;
/** What the hosts are told of the first VPC, with these public addresses of its two guests. */
const vpcWith = (ofOne?: string, ofB?: string) => {
  const [first, second] = [interfaceSpecimen("1", "1", privateAddress, ofOne), nicOnB(ofB)];
  return vpcSpecimen([first, second], [placed(first, addressOf("a")), placed(second, addressOf("b"))]);
};
const hopLimit = (httpPutResponseHopLimit: number) => ({
  options: { httpEndpoint: "enabled", httpTokens: "optional", httpPutResponseHopLimit, instanceTags: "enabled" } as const,
});
const askId = httpCommand(["GET /latest/meta-data/instance-id HTTP/1.1"]);
const askToken = httpCommand(["PUT /latest/api/token HTTP/1.1", "X-aws-ec2-metadata-token-ttl-seconds: 60"]);

beforeAll(async () => {
  outside = await Outside.open();
  hosts = await TwoHosts.open({ resolversOfB: [outside.address] });
  one = await hosts.boot(hosts.a, machineSpecimen("1", nicOne()));
  two = await hosts.boot(hosts.a, machineSpecimen("2", nicTwo()));
  onB = await hosts.boot(hosts.b, machineSpecimen("3", nicOnB()));
  await hosts.a.applyVpc(vpcSpecimen([nicTwo()], [placed(nicTwo(), addressOf("a"))]));
  for (const host of [hosts.a, hosts.b]) await host.applyVpc(vpcWith(hosts.publicAddress(11)));
});

afterAll(async () => {
  await (hosts as TwoHosts | undefined)?.[Symbol.asyncDispose](); // undefined when it could not be opened
  await (outside as Outside | undefined)?.[Symbol.asyncDispose](); // likewise
});

describe("a guest's network", () => {
  test("DHCP gives each guest its own address, router, resolver, domain and name", async () => {
    const lease = (last: number) =>
      `LEASE 172.31.0.${last}/20 router=172.31.0.1 dns=172.31.0.2 domain=ec2.internal host=ip-172-31-0-${last} mtu=9001 lease=3600`;
    expect([await one.acquireAddress(), await two.acquireAddress(), await onB.acquireAddress()].map(leaseOnly)).toEqual([lease(5), lease(5), lease(6)]);
  });

  test("metadata knows two guests with the same private address by their interfaces", async () => {
    expect([await one.run(askId), await two.run(askId)].map(lastLine)).toEqual(["i-0123456789abcde01", "i-0123456789abcde02"]);
  });

  test("a guest that speaks as another address gets no answer", async () => {
    await one.run("ip address add 172.31.0.9/32 dev vec0");
    const spoofed = await one.run(httpCommand(["GET /latest/meta-data/instance-id HTTP/1.1"], { source: "172.31.0.9", seconds: 2 }));
    await one.run("ip address del 172.31.0.9/32 dev vec0");
    expect(spoofed).not.toContain("i-0123456789abcde01");
    expect(lastLine(await one.run(askId))).toBe("i-0123456789abcde01");
  });

  test("a guest with another hardware address gets no answer", async () => {
    await one.run("ip link set vec0 down; ip link set vec0 address 06:00:00:00:00:99; ip link set vec0 up; ip route add default via 172.31.0.1");
    const spoofed = await one.run(httpCommand(["GET /latest/meta-data/instance-id HTTP/1.1"], { seconds: 2 }));
    await one.run(`ip link set vec0 down; ip link set vec0 address ${nicOne().mac}; ip link set vec0 up; ip route add default via 172.31.0.1`);
    expect(spoofed).not.toContain("i-0123456789abcde01");
    expect(lastLine(await one.run(askId))).toBe("i-0123456789abcde01");
  });

  test("private names resolve both ways at either resolver address, a public name to the private address, and others fail at once", async () => {
    expect(await one.run("nslookup ip-172-31-9-8.ec2.internal | grep -A1 Name:")).toContain("172.31.9.8");
    expect(await one.run("nslookup 172.31.0.5 169.254.169.253")).toContain("name = ip-172-31-0-5.ec2.internal");
    expect(await one.run(`nslookup ${nicOne().publicHostName} | grep -A1 Name:`)).toContain(privateAddress);
    const began = performance.now();
    expect(await one.run("nslookup -type=a example.com")).toMatch(/NXDOMAIN|REFUSED/);
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  test("neither hosts, storage nodes, routers nor the machine's services can be reached", async () => {
    const [nodeA, nodeB] = hosts.plan.nodes.map(({ address }) => address);
    const machine = hosts.publicAddress(1);
    const targets = [nodeA, nodeB, "169.254.64.1", "169.254.64.2", "172.31.0.1", "172.31.0.2"];
    const atOnce = (commands: readonly string[]) => one.run(`(${commands.map((command) => `(${command}) &`).join(" ")} wait)`, 30_000);
    const answers = await atOnce([...targets, machine].map((target) => `ping -c 1 -W 1 ${target} >/dev/null && echo ${target}`));
    const ports = await atOnce([`${machine} 22`, `169.254.64.1 20000`, `169.254.64.1 20001`, `169.254.169.254 22`].map((target) => `nc -w 1 ${target} </dev/null && echo open ${target}`));
    expect({ answers, ports }).toEqual({ answers: machine, ports: expect.not.stringContaining("open") });
  });

  test("a guest without a public address has no outside, one with has", async () => {
    const ping = `ping -c 1 -W 2 ${hosts.publicAddress(1)} | grep -c 'bytes from'`;
    expect([await one.run(ping), await two.run(ping)]).toEqual(["1", "0"]);
  });
});

describe("the hop limit", () => {
  test("a token's packets arrive with the hop limit as their time to live, other answers with the ordinary one", async () => {
    const seen: unknown[] = [];
    for (const limit of [1, 2, 64, 1]) {
      await hosts.a.start(machineSpecimen("1", nicOne(), hopLimit(limit)));
      seen.push([limit, await timesToLive(async () => expect(await one.run(askToken)).toContain("200 OK"))]);
    }
    expect(seen).toEqual([[1, [1]], [2, [2]], [64, [64]], [1, [1]]]);
    expect(await timesToLive(async () => void (await one.run(askId)))).toEqual([63]);
  });

  test("a token cannot be had with the ordinary time to live by a second request or an expectation on the connection", async () => {
    const twice = httpCommand(["GET /latest/meta-data/instance-id HTTP/1.1", "Host: metadata", "", "PUT /latest/api/token HTTP/1.1", "X-aws-ec2-metadata-token-ttl-seconds: 60"]);
    expect(await one.run(twice)).not.toContain("AQAAA");
    const expecting = httpCommand(["PUT /latest/api/token HTTP/1.1", "Expect: 100-continue", "X-aws-ec2-metadata-token-ttl-seconds: 60"]);
    expect(await timesToLive(async () => expect(await one.run(expecting)).not.toContain("100 Continue"))).toEqual([1]);
  });
});

describe("a public address", () => {
  test("leads from the machine to its guest, and to another host's guest within a second of moving", async () => {
    const address = hosts.publicAddress(12);
    await one.run("echo one > /www/index.html; httpd -h /www");
    await onB.run("echo three > /www/index.html; httpd -h /www");
    const before = async () => {
      for (const host of [hosts.b, hosts.a]) await host.applyVpc(vpcWith(hosts.publicAddress(11)));
      await hosts.a.applyVpc(vpcWith(address));
      await expect.poll(() => fetchText(address)).toBe("one");
    };
    // The order in which two hosts learn of a move is open; here the new one comes first.
    const moved = vpcWith(hosts.publicAddress(11), address);
    expect(await fastestMs({ before, change: () => hosts.b.applyVpc(moved), isSeen: async () => (await fetchText(address)) === "three" }, 1_000)).toBeLessThan(1_000);
    await hosts.a.applyVpc(moved);
    expect([await fetchText(address), await fetchText(hosts.publicAddress(11))]).toEqual(["three", "one"]);
  });

  test("that was taken away answers no more", async () => {
    await hosts.b.applyVpc(vpcWith(hosts.publicAddress(11)));
    await expect(fetchText(hosts.publicAddress(12))).rejects.toThrow(/timeout|fetch failed/);
  });

  test("is what others see, also between guests on two hosts and back to the guest itself", async () => {
    await hosts.b.applyVpc(vpcWith(hosts.publicAddress(11), hosts.publicAddress(13)));
    expect(lastLine(await one.run(httpCommand(["GET / HTTP/1.0"], { address: hosts.publicAddress(13) })))).toBe("three");
    expect(lastLine(await one.run(httpCommand(["GET / HTTP/1.0"], { address: hosts.publicAddress(11) })))).toBe("one");
  });
});

describe("a large transfer", () => {
  test("arrives whole in both directions, whatever the devices leave to each other to compute", async () => {
    await one.run("dd if=/dev/urandom of=/www/blob bs=1M count=2 2>/dev/null");
    const sent = await one.run("sha256sum < /www/blob");
    const answer = await fetch(`http://${hosts.publicAddress(11)}/blob`, { signal: AbortSignal.timeout(60_000), headers: { connection: "close" } });
    const blob = Buffer.from(await answer.arrayBuffer());
    expect(sent).toContain(createHash("sha256").update(blob).digest("hex"));
    // What the guest's netcat reads must not be the guest's console.
    await one.run("(sleep 15 | nc -l -p 9000 > /www/back; echo done > /www/done) & until grep -q ':2328 .* 0A ' /proc/net/tcp*; do sleep 0.05; done"); // 9000, where it listens
    const socket = connect(9_000, hosts.publicAddress(11));
    await new Promise((resolve, reject) => socket.once("error", reject).once("close", resolve).resume().end(blob));
    await expect.poll(() => one.run("sha256sum < /www/back")).toBe(sent);
  });
});

describe("the world outside", () => {
  test("sees a guest with a public address as the machine, and is seen by no other guest", async () => {
    const ping = `ping -c 1 -W 2 ${outside.address} | grep -c 'bytes from'`;
    expect([await one.run(ping), await onB.run(ping), await two.run(ping)]).toEqual(["1", "1", "0"]);
  });

  test("answers names through the VPC's resolver", async () => {
    expect(await onB.run("nslookup -type=a name.outside.example")).toContain("203.0.113.7");
  });
});

describe("endurance", () => {
  test("a killed agent leaves the network working, and the next one takes over with the same ports and tokens", async () => {
    const token = lastLine(await one.run(askToken));
    await hosts.a.kill();
    expect(await fetchText(hosts.publicAddress(11))).toBe("one");
    expect(await one.run("nslookup ip-172-31-9-8.ec2.internal | grep -A1 Name:")).toContain("172.31.9.8");
    await hosts.a.open();
    await hosts.a.applyVpc(vpcWith(hosts.publicAddress(11)));
    const again = await hosts.a.start(machineSpecimen("1", nicOne()));
    await hosts.a.start(machineSpecimen("2", nicTwo()));
    expect(again.metadataPort).toBe(20_000);
    expect(lastLine(await one.run(httpCommand(["GET /latest/meta-data/instance-id HTTP/1.1", `X-aws-ec2-metadata-token: ${token}`])))).toBe("i-0123456789abcde01");
    expect(lastLine(await two.run(askId))).toBe("i-0123456789abcde02");
  });

  test("a guest may take its interface down and up again", async () => {
    await one.run("ip link set vec0 down; ip link set vec0 up; ip route add default via 172.31.0.1");
    expect(lastLine(await one.run(askId))).toBe("i-0123456789abcde01");
  });

  test("a resolver that has given leases lives on while interfaces come and go, and knows the new one's name", async () => {
    const before = findDnsmasq(resolverDirectory());
    const another = interfaceSpecimen("5", "1", "172.31.0.8", hosts.publicAddress(15));
    const named = () => one.run(`nslookup ${another.publicHostName} | grep -A1 Name:`);
    await hosts.a.start(machineSpecimen("5", another));
    await expect.poll(named).toContain("172.31.0.8");
    await hosts.a.remove(another.id);
    await expect.poll(named).not.toContain("172.31.0.8");
    expect([typeof before, findDnsmasq(resolverDirectory())]).toEqual(["number", before]);
  });

  test("a resolver that was killed comes back by itself", async () => {
    const directory = resolverDirectory();
    const before = findDnsmasq(directory);
    if (before === undefined) throw new Error("no resolver runs");
    sendSignal(before, "SIGKILL");
    await expect.poll(() => findDnsmasq(directory)).not.toBeOneOf([before, undefined]);
    await expect.poll(() => one.run("nslookup ip-172-31-9-8.ec2.internal | grep -A1 Name:")).toContain("172.31.9.8");
  });

  test("a tap is its user's, also when the user changes", async () => {
    const nic = interfaceSpecimen("4", "2", "172.31.0.7");
    const owner = async () => (await runCommand("ip", ["-n", hosts.a.namespace, "-details", "link", "show", interfaceDevices(nic.id).tap])).match(/user (\S+)/)?.[1];
    const owners = [];
    for (const uid of [123_456, 123_456, 123_457]) {
      await hosts.a.prepareFor(nic, uid);
      owners.push(await owner());
    }
    await hosts.a.remove(nic.id);
    expect(owners).toEqual(["123456", "123456", "123457"]);
  });

  test("what is retained stays and all else goes", async () => {
    await hosts.a.retainOnly([nicOne().id]);
    const namespace = vpcNamespace(hosts.plan.installation, "a", nicTwo().vpc.id);
    expect(hosts.namespaces()).not.toContain(namespace);
    expect(lastLine(await one.run(askId))).toBe("i-0123456789abcde01");
    expect(await devicesOf(hosts.a.namespace)).not.toContain(interfaceDevices(nicTwo().id).tap);
  });

  test("removing the last interfaces leaves no namespace, device, rule or resolver of a VPC", async () => {
    await hosts.a.remove(nicOne().id);
    await hosts.a.remove(nicOne().id);
    await hosts.b.remove(nicOnB().id);
    expect(hosts.namespaces().toSorted()).toEqual(["a", "b", "underlay"].map((node) => nodeNamespace(hosts.plan.installation, node)));
    expect(await devicesOf(hosts.a.namespace)).toEqual(["lo", "underlay0"]);
    expect(await runCommand("nsenter", [`--net=/run/netns/${hosts.a.namespace}`, "nft", "list", "tables"])).toBe("table ip hostelry\ntable ip6 hostelry\n");
    expect(processesWith(hosts.directory, "dnsmasq")).toEqual([]);
  });
});

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf("\n") + 1);
}

function leaseOnly(text: string): string {
  return text.slice(text.indexOf("LEASE"));
}

/** Tries for a while: a neighbour's place may be unknown for the first packet. */
async function fetchText(address: string): Promise<string> {
  const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(30_000), headers: { connection: "close" } });
  return (await answer.text()).trim();
}

/** The times to live of the packets with content that go to the first guest from its metadata address meanwhile. */
async function timesToLive(meanwhile: () => Promise<void>): Promise<readonly number[]> {
  const { outer } = interfaceDevices(nicOne().id);
  const candidates = [1, 2, 62, 63, 64];
  const rules = candidates.map((ttl) => `tcp sport 80 tcp flags & (psh | syn) == psh ip ttl ${ttl} counter`).join("\n");
  const probe = `table netdev probe {\nchain probe {\ntype filter hook ingress device "${outer}" priority -10\n${rules}\n}\n}\n`;
  await loadRules(probe, hosts.a.namespace);
  try {
    await meanwhile();
    const listed = await runCommand("nsenter", [`--net=/run/netns/${hosts.a.namespace}`, "nft", "list", "table", "netdev", "probe"]);
    return [...listed.matchAll(/ip ttl (\d+) counter packets ([1-9]\d*)/g)].map((match) => Number(match[1]));
  } finally {
    await loadRules("delete table netdev probe\n", hosts.a.namespace);
  }
}

async function devicesOf(namespace: string): Promise<readonly string[]> {
  const links: { ifname: string }[] = JSON.parse(await runCommand("ip", ["-n", namespace, "-json", "link", "show"]));
  return links.map(({ ifname }) => ifname);
}

function processesWith(text: string, program: string): readonly string[] {
  const all = execFileSync("ps", ["-eo", "pid,comm"]).toString().split("\n").filter((line) => line.includes(program));
  return all.filter((line) => readFileSync(`/proc/${line.trim().split(/\s+/)[0]}/cmdline`, "utf8").includes(text));
}
