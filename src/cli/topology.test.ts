import { describe, expect, test } from "vitest";
import { parseCidr } from "../base/ipv4.ts";
import { buildTopology, dealAccelerators, defaultPlan, extendTopology, namedPlans, simulatedPlan } from "./build-topology.ts";
import { CommandError } from "./command-error.ts";
import { listHosts, parseTopology, type Topology } from "./topology.ts";

const machine = { cpus: 2, memoryMib: 24_000 };
const underlay = parseCidr("198.19.4.0/22") ?? { base: 0, prefix: 32 };

function refusal(text: string): string {
  try {
    parseTopology(text, "data-centre.yaml");
  } catch (thrown) {
    if (thrown instanceof CommandError) return `${thrown.message}${thrown.remedy === undefined ? "" : ` | ${thrown.remedy}`}`;
    throw thrown;
  }
  return "accepted";
}

const zone = (rest: string) => `regions:\n  - name: us-east-1\n    zones:\n      - name: us-east-1a\n${rest}`;

describe("a topology file", () => {
  test("says which hosts are computers of their own: these take no share of the machine's memory, and promise their own once", () => {
    const plan = parseTopology(zone("        hosts:\n          - {}\n          - { emulated: yes }\n          - { emulated: yes, vcpus: 4, memory: 4 GiB }\n"), "data-centre.yaml");
    expect(buildTopology(plan, machine, underlay).regions[0]?.zones[0]?.hosts).toEqual([
      { id: "a1", vcpus: 32, memoryMib: 76_800, sharesMemory: true, overcommit: { vcpus: 16, memory: 4, disk: 100, network: 100 }, underlayAddress: "198.19.4.2" },
      { id: "a2", vcpus: 32, memoryMib: 1792, overcommit: { vcpus: 16, memory: 1, disk: 100, network: 100 }, underlayAddress: "198.19.4.3", emulated: { cpus: 2, memoryMib: 2560 } },
      { id: "a3", vcpus: 64, memoryMib: 3328, overcommit: { vcpus: 16, memory: 1, disk: 100, network: 100 }, underlayAddress: "198.19.4.4", emulated: { cpus: 4, memoryMib: 4096 } },
    ]);
  });

  test("gives hosts network cards whose virtual functions their guests may have", () => {
    const plan = parseTopology(zone("        hosts:\n          - { cards: [enp1s0f0, eth1] }\n          - {}\n          - { emulated: yes, cards: [eth1, nvme0] }\n"), "data-centre.yaml");
    expect(buildTopology(plan, machine, underlay).regions[0]?.zones[0]?.hosts.map(({ cards }) => cards)).toEqual([["enp1s0f0", "eth1"], undefined, ["eth1", "nvme0"]]);
  });

  test("gives guests no accelerator that nobody named, and deals out those that `up` names among the hosts of which it says nothing", () => {
    const [one, two, three, named] = ["0000:01:00.0", "0000:02:00.0", "0000:03:00.0", "0000:04:00.0"];
    const plan = parseTopology(zone(`        hosts:\n          - {}\n          - { accelerators: [${named}] }\n          - { accelerators: none }\n          - { emulated: yes }\n          - {}\n`), "data-centre.yaml");
    const own = (topology: Topology) => listHosts(topology).map(({ id, accelerators = [] }) => [id, ...accelerators]);
    const built = buildTopology(plan, machine, underlay);
    expect(own(built)).toEqual([["a1"], ["a2", named], ["a3"], ["a4"], ["a5"]]);
    const dealt = dealAccelerators(built, [one, two, named]);
    expect(own(dealt)).toEqual([["a1", one], ["a2", named], ["a3"], ["a4"], ["a5", two]]);
    const larger = extendTopology(dealt, parseTopology(zone("        hosts: 1\n"), "more.yaml"), { machine, underlay, ids: ["a1", "a2", "a3", "a4", "a5"], addresses: [] });
    expect(own(dealAccelerators(larger, [two, three])), "who has one keeps it").toEqual([["a1", three], ["a2", named], ["a3"], ["a4"], ["a5", two], ["a6"]]);
    expect(dealAccelerators(larger, []), "and all are taken back").toEqual(extendTopology(built, parseTopology(zone("        hosts: 1\n"), "more.yaml"), { machine, underlay, ids: ["a1", "a2", "a3", "a4", "a5"], addresses: [] }));
    const deaf = buildTopology(parseTopology(zone("        hosts: [ { accelerators: none } ]\n"), "data-centre.yaml"), machine, underlay);
    expect(() => dealAccelerators(deaf, [one])).toThrow("No host of this machine can be given 0000:01:00.0: the topology says for each what it has.");
  });

  test("has a name when it is the emulated rack", () => {
    const [region] = buildTopology(namedPlans["emulated-rack"] ?? { regions: [] }, machine, underlay).regions;
    expect(region?.zones.map(({ name, hosts }) => [name, hosts.map(({ id, emulated }) => [id, emulated !== undefined])])).toEqual([
      ["us-east-1a", [["a1", false]]],
      ["us-east-1b", [["b1", true]]],
    ]);
  });

  test("becomes hosts with ids, capacities and addresses", () => {
    const plan = parseTopology(
      `
overcommit: { memory: 2, network: 20 }
regions:
  - name: us-east-1
    zones:
      - name: us-east-1a
        hosts: 2
      - name: us-east-1b
        hosts:
          - { id: big, vcpus: 4, memory: 8 GiB, overcommit: { vcpus: 1, memory: 1 } }
          - { id: a1, memory: 1.5 GiB }
        storageNode: disks
  - name: eu-west-1
    zones:
      - name: eu-west-1c
        hosts: 1
`,
      "data-centre.yaml",
    );
    expect(buildTopology(plan, machine, underlay)).toEqual({
      regions: [
        {
          name: "us-east-1",
          zones: [
            {
              name: "us-east-1a",
              hosts: [
                // `a1` is taken by a host that was given that id; memory is 80 % of the machine over five hosts, twice.
                { id: "a2", vcpus: 32, memoryMib: 7680, sharesMemory: true, overcommit: { vcpus: 16, memory: 2, disk: 100, network: 20 }, underlayAddress: "198.19.4.2" },
                { id: "a3", vcpus: 32, memoryMib: 7680, sharesMemory: true, overcommit: { vcpus: 16, memory: 2, disk: 100, network: 20 }, underlayAddress: "198.19.4.3" },
              ],
              storageNodes: [{ id: "as", underlayAddress: "198.19.4.4" }],
            },
            {
              name: "us-east-1b",
              hosts: [
                { id: "big", vcpus: 4, memoryMib: 8192, overcommit: { vcpus: 1, memory: 1, disk: 100, network: 20 }, underlayAddress: "198.19.4.5" },
                { id: "a1", vcpus: 32, memoryMib: 3072, overcommit: { vcpus: 16, memory: 2, disk: 100, network: 20 }, underlayAddress: "198.19.4.6" },
              ],
              storageNodes: [{ id: "disks", underlayAddress: "198.19.4.7" }],
            },
          ],
        },
        {
          name: "eu-west-1",
          zones: [
            {
              name: "eu-west-1c",
              hosts: [{ id: "euw1c1", vcpus: 32, memoryMib: 7680, sharesMemory: true, overcommit: { vcpus: 16, memory: 2, disk: 100, network: 20 }, underlayAddress: "198.19.4.8" }],
              storageNodes: [{ id: "euw1cs", underlayAddress: "198.19.4.9" }],
            },
          ],
        },
      ],
    });
  });

  test.each([
    ["no YAML", "regions: [", /^data-centre\.yaml:1: /],
    ["empty", "", /^data-centre\.yaml:1: expected a map with regions, overcommit$/],
    ["an unknown key", "regions: []\nzones: []\n", /^data-centre\.yaml:2: unknown key zones \| Known here: regions, overcommit\.$/],
    ["no region", "regions: []", /^data-centre\.yaml:1: expected a list with at least a region$/],
    ["an unknown region", "regions:\n  - name: moon-1\n    zones: []", /^data-centre\.yaml:2: there is no region moon-1 \| /],
    ["a zone of another region", "regions:\n  - name: us-west-1\n    zones:\n      - name: us-west-1c\n        hosts: 1", /^data-centre\.yaml:4: there is no zone us-west-1c in this region \| Its zones are us-west-1a, us-west-1b\.$/],
    ["a zone twice", zone("        hosts: 1\n      - name: us-east-1a\n        hosts: 1\n"), /^data-centre\.yaml:6: zone us-east-1a stands here twice$/],
    ["hosts missing", zone(""), /^data-centre\.yaml:4: hosts is missing$/],
    ["no host at all", zone("        hosts: 0\n"), /^data-centre\.yaml:5: hosts is a list, or a number from 1 to 99$/],
    ["a bad id", zone("        hosts:\n          - { id: Host_1 }\n"), /^data-centre\.yaml:6: Host_1 cannot be an id \| /],
    ["an id twice", zone("        hosts:\n          - { id: x }\n          - { id: x }\n"), /^data-centre\.yaml:7: the id x is used twice \| /],
    ["memory without a unit", zone("        hosts:\n          - { id: x, memory: 8 }\n"), /^data-centre\.yaml:6: expected a text$/],
    ["memory in another unit", zone("        hosts:\n          - { id: x, memory: 8 GB }\n"), /^data-centre\.yaml:6: memory is a size such as/],
    ["half a processor", zone("        hosts:\n          - { id: x, vcpus: 0.5 }\n"), /^data-centre\.yaml:6: vcpus is a whole number from 1$/],
    ["neither yes nor no", zone("        hosts:\n          - { emulated: perhaps }\n"), /^data-centre\.yaml:6: emulated is yes or no$/],
    ["a card for two hosts", zone("        hosts:\n          - { cards: [eth1] }\n          - { cards: [eth1] }\n"), /^data-centre\.yaml:7: the card eth1 is two hosts'$/],
    ["a card that is none", zone("        hosts:\n          - { cards: [../eth1] }\n"), /^data-centre\.yaml:6: \.\.\/eth1 is no device's name$/],
    ["a card of this machine's for an emulated host", zone("        hosts:\n          - { emulated: yes, cards: [eth0] }\n"), /^data-centre\.yaml:6: the cards of an emulated host are called eth1, nvme0$/],
    ["storage nodes twice over", zone("        hosts: 1\n        storageNode: s\n        storageNodes: 2\n"), /^data-centre\.yaml:7: a zone has either storageNode or storageNodes$/],
    ["no storage node", zone("        hosts: 1\n        storageNodes: 0\n"), /^data-centre\.yaml:6: storageNodes is a list, or a number from 1 to 99$/],
    ["an accelerator for two hosts", zone("        hosts:\n          - { accelerators: [0000:01:00.0] }\n          - { accelerators: [0000:01:00.0] }\n"), /^data-centre\.yaml:7: the accelerator 0000:01:00\.0 is two hosts'$/],
    ["an accelerator that is no address", zone("        hosts:\n          - { accelerators: [gpu] }\n"), /^data-centre\.yaml:6: gpu is no PCI address \| /],
    ["accelerators for an emulated host", zone("        hosts:\n          - { emulated: yes, accelerators: none }\n"), /^data-centre\.yaml:6: an emulated host has no accelerators$/],
    ["overcommit below 1", `overcommit: { vcpus: 0 }\n${zone("        hosts: 1\n")}`, /^data-centre\.yaml:1: overcommit of vcpus is a factor from 1 to 1000$/],
    ["a key twice", "regions: []\nregions: []\n", /^data-centre\.yaml:2: /],
  ])("with %s is refused with its line", (_what, text, message) => {
    expect(refusal(text)).toMatch(message);
  });
});

test("a zone has as many storage nodes as its file says, under their ids or the next free ones", () => {
  const text = "regions:\n  - name: us-east-1\n    zones:\n      - { name: us-east-1a, hosts: 1, storageNodes: [disks, as] }\n      - { name: us-east-1b, hosts: 1, storageNodes: 3 }\n";
  const { regions: [region] } = buildTopology(parseTopology(text, "data-centre.yaml"), machine, underlay);
  expect(region?.zones.map((zone) => zone.storageNodes.map(({ id }) => id))).toEqual([["disks", "as"], ["bs", "bs1", "bs2"]]);
});

describe("the topology without a file", () => {
  const shape = (topology: ReturnType<typeof buildTopology>) =>
    topology.regions.map((region) => [region.name, region.zones.map((one) => [one.name, one.hosts.map((host) => host.id), ...one.storageNodes.map(({ id }) => id)])]);

  test("has three zones with two hosts and a storage node each", () => {
    expect(shape(buildTopology(defaultPlan, machine, underlay))).toEqual([
      [
        "us-east-1",
        [
          ["us-east-1a", ["a1", "a2"], "as"],
          ["us-east-1b", ["b1", "b2"], "bs"],
          ["us-east-1c", ["c1", "c2"], "cs"],
        ],
      ],
    ]);
  });

  test("of a simulated installation has a host in every zone of the world, with short unique ids and addresses", () => {
    const zones = buildTopology(simulatedPlan(), machine, underlay).regions.flatMap((region) => region.zones);
    const nodes = zones.flatMap((one) => [...one.hosts, ...one.storageNodes]);
    expect(new Set(nodes.map((node) => node.id)).size).toBe(nodes.length);
    expect(new Set(nodes.map((node) => node.underlayAddress)).size).toBe(nodes.length);
    expect(nodes.filter((node) => !/^[a-z][a-z0-9]{0,7}$/.test(node.id))).toEqual([]);
    expect(zones.length).toBeGreaterThan(90);
  });

  test("is refused when the underlay network is too small for it", () => {
    expect(() => buildTopology(simulatedPlan(), machine, { base: underlay.base, prefix: 28 })).toThrow(/more nodes than the underlay network/);
  });
});
