import { describe, expect, test } from "vitest";
import { parseCidr } from "../base/ipv4.ts";
import { buildTopology, defaultPlan, simulatedPlan } from "./build-topology.ts";
import { CommandError } from "./command-error.ts";
import { parseTopology } from "./topology.ts";

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
  test("becomes hosts with ids, capacities and addresses", () => {
    const plan = parseTopology(
      `
overcommit: { memory: 2 }
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
                { id: "a2", vcpus: 32, memoryMib: 7680, underlayAddress: "198.19.4.2" },
                { id: "a3", vcpus: 32, memoryMib: 7680, underlayAddress: "198.19.4.3" },
              ],
              storageNode: { id: "as", underlayAddress: "198.19.4.4" },
            },
            {
              name: "us-east-1b",
              hosts: [
                { id: "big", vcpus: 4, memoryMib: 8192, underlayAddress: "198.19.4.5" },
                { id: "a1", vcpus: 32, memoryMib: 3072, underlayAddress: "198.19.4.6" },
              ],
              storageNode: { id: "disks", underlayAddress: "198.19.4.7" },
            },
          ],
        },
        {
          name: "eu-west-1",
          zones: [
            {
              name: "eu-west-1c",
              hosts: [{ id: "euw1c1", vcpus: 32, memoryMib: 7680, underlayAddress: "198.19.4.8" }],
              storageNode: { id: "euw1cs", underlayAddress: "198.19.4.9" },
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
    ["overcommit below 1", `overcommit: { vcpus: 0 }\n${zone("        hosts: 1\n")}`, /^data-centre\.yaml:1: overcommit of vcpus is a factor from 1 to 1000$/],
    ["a key twice", "regions: []\nregions: []\n", /^data-centre\.yaml:2: /],
  ])("with %s is refused with its line", (_what, text, message) => {
    expect(refusal(text)).toMatch(message);
  });
});

describe("the topology without a file", () => {
  const shape = (topology: ReturnType<typeof buildTopology>) =>
    topology.regions.map((region) => [region.name, region.zones.map((one) => [one.name, one.hosts.map((host) => host.id), one.storageNode.id])]);

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
    const nodes = zones.flatMap((one) => [...one.hosts, one.storageNode]);
    expect(new Set(nodes.map((node) => node.id)).size).toBe(nodes.length);
    expect(new Set(nodes.map((node) => node.underlayAddress)).size).toBe(nodes.length);
    expect(nodes.filter((node) => !/^[a-z][a-z0-9]{0,7}$/.test(node.id))).toEqual([]);
    expect(zones.length).toBeGreaterThan(90);
  });

  test("is refused when the underlay network is too small for it", () => {
    expect(() => buildTopology(simulatedPlan(), machine, { base: underlay.base, prefix: 28 })).toThrow(/more than the underlay network/);
  });
});
