/** A data centre that changes while it runs: the commands, the installation's file and the rows, with simulated hosts over the real exchange. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EC2 } from "@aws-sdk/client-ec2";
import { afterEach, expect, test, vi } from "vitest";
import { ipv6PoolOf } from "../../src/base/ipv6.ts";
import { silentLog } from "../../src/base/log.ts";
import { runControlPlane } from "../../src/cli/control-plane.ts";
import { ensureInstallation, findInstallation, replaceTopology } from "../../src/cli/installation.ts";
import { installationParts } from "../../src/cli/prepare-installation.ts";
import { run } from "../../src/cli/program.ts";
import { startSimulatedHosts } from "../../src/cli/simulated-hosts.ts";
import { listNodes, parseTopology } from "../../src/cli/topology.ts";
import { hvmImage } from "./seed.ts";
import { codeOf } from "./test-server.ts";

const small = `
overcommit: { vcpus: 1, memory: 1 }
regions:
  - name: us-east-1
    zones:
      - name: us-east-1a
        hosts: [ { id: a1, vcpus: 2, memory: 4 GiB } ]
`;

afterEach(() => void vi.restoreAllMocks());

interface DataCentre extends AsyncDisposable {
  readonly directory: string;
  ec2(region: string, account?: string): EC2;
  /** Exit code and output of `./hostelry ARGS`. */
  hostelry(...args: string[]): Promise<{ readonly code: number; readonly text: string }>;
  restart(): Promise<void>;
  end(): Promise<void>;
  /** The nodes of the file; fails unless the rows are the same. */
  nodes(): Promise<string[]>;
}

async function openDataCentre(): Promise<DataCentre> {
  const directory = mkdtempSync(join(tmpdir(), "hierarchy-"));
  const around = { uid: 1, home: directory, environment: { XDG_RUNTIME_DIR: directory } };
  await ensureInstallation(directory, { simulated: true, openAccounts: true, port: 0, plan: parseTopology(small, "small.yaml") }, installationParts(true, around));
  let running = await start(directory);
  const clients: EC2[] = [];
  const end = async (): Promise<void> => {
    running.leave.abort();
    await running.plane.closed;
  };
  return {
    directory,
    end,
    restart: async () => {
      await end();
      running = await start(directory);
    },
    ec2: (region, account = "111111111111") => {
      const client = new EC2({ endpoint: running.plane.url, region, maxAttempts: 1, credentials: { accessKeyId: account, secretAccessKey: "test" } });
      clients.push(client);
      return client;
    },
    hostelry: async (...args) => {
      const output: string[] = [];
      const spies = [process.stdout, process.stderr].map((stream) => vi.spyOn(stream, "write").mockImplementation((text) => output.push(String(text)) > 0));
      const code = await run([...args, "--data", directory]);
      for (const spy of spies) spy.mockRestore();
      return { code, text: output.join("") };
    },
    nodes: async () => {
      const topology = findInstallation(directory)?.topology ?? { regions: [] };
      const rows = await running.plane.store.read((tx) => tx.db.selectFrom("hosts").select(["id", "role", "zone", "region", "vcpus", "memory_mib", "underlay_address"]).orderBy("id").execute());
      const nodes = topology.regions.flatMap((region) =>
        region.zones.flatMap((zone) =>
          [...zone.hosts.map((host) => ({ ...host, role: "host" })), ...zone.storageNodes.map((node) => ({ ...node, role: "storage", vcpus: 0, memoryMib: 0 }))].map(({ id, role, vcpus, memoryMib, underlayAddress }) => ({ id, role, zone: zone.name, region: region.name, vcpus, memory_mib: memoryMib, underlay_address: underlayAddress })),
        ),
      );
      expect(rows).toEqual(nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1)));
      expect(new Set(rows.map((row) => row.underlay_address)).size).toBe(rows.length);
      return listNodes(topology).map(({ id }) => id);
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.destroy();
      await end();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function start(directory: string) {
  const installation = findInstallation(directory);
  if (installation === undefined) throw new Error("there is no installation");
  const leave = new AbortController();
  const { id, createdAt: _createdAt, runDirectory: _runDirectory, ...settings } = installation;
  writeFileSync(join(directory, "installation.json"), JSON.stringify({ ...installation, runDirectory: directory })); // a socket's path has to be short
  const log = silentLog;
  const plane = await runControlPlane({ ...settings, ipv6Pool: ipv6PoolOf(id), runDirectory: directory, dataDirectory: directory, saveTopology: (topology) => replaceTopology(directory, topology), version: "1", log, signal: leave.signal });
  await startSimulatedHosts({ installation: id, topology: plane.topology, store: plane.store, desk: plane.desk, snapshots: plane.snapshots, log, signal: leave.signal });
  return { plane, leave };
}

async function launch(ec2: EC2): Promise<string> {
  const { Instances: [instance] = [] } = await ec2.runInstances({ ImageId: hvmImage, InstanceType: "t3.small", MinCount: 1, MaxCount: 1 });
  return instance?.InstanceId ?? "";
}

function untilState(ec2: EC2, id: string, state: string): Promise<void> {
  return vi.waitFor(
    async () => {
      const { Reservations: [reservation] = [] } = await ec2.describeInstances({ InstanceIds: [id] });
      expect(reservation?.Instances?.[0]?.State?.Name).toBe(state);
    },
    { timeout: 60_000, interval: 20 },
  );
}

test("A data centre grows by hosts, zones and regions while it runs: they take guests at once, and are there after a restart", async () => {
  await using centre = await openDataCentre();
  const east = centre.ec2("us-east-1");
  await untilState(east, await launch(east), "running");
  expect(await codeOf(launch(east))).toBe("InsufficientInstanceCapacity");

  expect(await centre.hostelry("host", "add", "--zone", "us-east-1a", "--vcpus", "2", "--memory", "1 GiB")).toMatchObject({ code: 0, text: expect.stringContaining("a2 added") });
  await untilState(east, await launch(east), "running");
  expect(await centre.hostelry("zone", "add", "us-east-1b", "--hosts", "2")).toMatchObject({ code: 0, text: expect.stringContaining("b1, b2, bs added") });
  expect(await centre.hostelry("region", "add", "eu-west-1", "--zones", "a,c")).toMatchObject({ code: 0 });
  const all = ["a1", "a2", "as", "b1", "b2", "bs", "euw1a1", "euw1as", "euw1c1", "euw1cs"];
  expect(await centre.nodes()).toEqual(all);

  await centre.restart();
  expect(await centre.nodes()).toEqual(all);
  const { text } = await centre.hostelry("zone", "list", "--json");
  expect((JSON.parse(text) as { zone: string; hosts: number; guests: number }[]).map(({ zone, hosts, guests }) => [zone, hosts, guests])).toEqual([["eu-west-1a", 1, 0], ["eu-west-1c", 1, 0], ["us-east-1a", 2, 2], ["us-east-1b", 2, 0]]);
});

test("A zone gets more storage nodes while it runs: volumes of another account are on the new one, which goes when they have gone", async () => {
  await using centre = await openDataCentre();
  const mine = centre.ec2("us-east-1");
  const others = centre.ec2("us-east-1", "222222222222");
  const make = async (ec2: EC2): Promise<string> => {
    const { VolumeId = "" } = await ec2.createVolume({ AvailabilityZone: "us-east-1a", Size: 1 });
    await vi.waitFor(async () => expect((await ec2.describeVolumes({ VolumeIds: [VolumeId] })).Volumes?.[0]?.State).toBe("available"), { timeout: 60_000 });
    return VolumeId;
  };
  await make(mine);
  expect(await centre.hostelry("storage-node", "add", "--zone", "us-east-1a")).toMatchObject({ code: 0, text: expect.stringContaining("as1 added") });
  expect(await centre.nodes()).toEqual(["a1", "as", "as1"]);
  await make(mine);
  expect(await centre.hostelry("storage-node", "remove", "as")).toMatchObject({ code: 1, text: expect.stringMatching(/^.*as cannot go, because of what is there: volumes vol-\w+, vol-\w+\./) });
  const away = await make(others);
  expect(await centre.hostelry("storage-node", "remove", "as1")).toMatchObject({ code: 1, text: expect.stringContaining(`volumes ${away}.`) });
  const { text } = await centre.hostelry("storage-node", "list", "--json");
  expect(JSON.parse(text)).toEqual(["as", "as1"].map((id) => ({ "storage node": id, zone: "us-east-1a", state: "up" })));
  await others.deleteVolume({ VolumeId: away });
  await vi.waitFor(async () => expect(await centre.hostelry("storage-node", "remove", "as1")).toEqual({ code: 0, text: "as1 removed\n" }), { timeout: 60_000 });
  expect(await centre.nodes()).toEqual(["a1", "as"]);
});

test("Nothing of one region is in another, but for what is copied there", async () => {
  await using centre = await openDataCentre();
  await centre.hostelry("region", "add", "eu-west-1");
  const [east, west] = [centre.ec2("us-east-1"), centre.ec2("eu-west-1")];
  const [here, there] = [await launch(east), await launch(west)];
  await Promise.all([untilState(east, here, "running"), untilState(west, there, "running")]);
  const { Reservations: [reservation] = [] } = await east.describeInstances({ InstanceIds: [here] });
  const { SubnetId, BlockDeviceMappings: [root] = [] } = reservation?.Instances?.[0] ?? {};
  const { SnapshotId = "" } = await east.createSnapshot({ VolumeId: root?.Ebs?.VolumeId });
  await vi.waitFor(async () => expect((await east.describeSnapshots({ SnapshotIds: [SnapshotId] })).Snapshots?.[0]?.State).toBe("completed"), { timeout: 60_000 });
  const refused = [
    west.describeInstances({ InstanceIds: [here] }),
    west.runInstances({ ImageId: hvmImage, InstanceType: "t3.small", MinCount: 1, MaxCount: 1, ...(SubnetId === undefined ? {} : { SubnetId }) }),
    west.createVolume({ AvailabilityZone: "eu-west-1a", SnapshotId }),
    west.attachVolume({ InstanceId: there, VolumeId: root?.Ebs?.VolumeId, Device: "/dev/sdf" }),
    west.createVolume({ AvailabilityZone: "us-east-1a", Size: 1 }),
  ];
  expect(await Promise.all(refused.map(codeOf))).toEqual(["InvalidInstanceID.NotFound", "InvalidSubnetID.NotFound", "InvalidSnapshot.NotFound", "InvalidVolume.NotFound", "InvalidZone.NotFound"]);
  const { SnapshotId: copy = "" } = await west.copySnapshot({ SourceRegion: "us-east-1", SourceSnapshotId: SnapshotId });
  await vi.waitFor(async () => expect((await west.describeSnapshots({ SnapshotIds: [copy] })).Snapshots?.[0]?.State).toBe("completed"), { timeout: 60_000 });
});

test("What would orphan guests, volumes or snapshots is refused with the reason, and goes when they are gone", async () => {
  await using centre = await openDataCentre();
  const east = centre.ec2("us-east-1");
  const guest = await launch(east);
  await untilState(east, guest, "running");
  await centre.hostelry("host", "add", "--zone", "us-east-1a");
  await centre.hostelry("region", "add", "eu-west-1");
  const west = centre.ec2("eu-west-1");
  const { VolumeId = "" } = await west.createVolume({ AvailabilityZone: "eu-west-1a", Size: 1 });
  await vi.waitFor(async () => expect((await west.describeVolumes({ VolumeIds: [VolumeId] })).Volumes?.[0]?.State).toBe("available"), { timeout: 60_000 });
  const { SnapshotId = "" } = await west.createSnapshot({ VolumeId });
  const before = await centre.nodes();
  const refusals = [
    [["host", "remove", "a1"], `a1 cannot go, because of what is there: guests ${guest}.`],
    [["region", "remove", "eu-west-1"], `eu-west-1 cannot go, because of what is there: volumes ${VolumeId}; snapshots ${SnapshotId}.`],
    [["region", "remove", "us-east-1"], `guests ${guest}; volumes vol-`],
    [["zone", "remove", "us-east-1a"], "us-east-1a is the last zone of us-east-1."],
    [["host", "remove", "a9"], "There is no host a9"],
    [["storage-node", "remove", "as"], "as is the last storage node of us-east-1a."],
    [["storage-node", "remove", "a1"], "There is no storage node a1"],
    [["storage-node", "add", "--zone", "us-east-1c"], "There is no zone us-east-1c in this data centre."],
    [["host", "add", "--zone", "us-east-1a", "--id", "a1"], "There is a host or a storage node a1 already."],
    [["host", "add", "--zone", "us-east-1c"], "There is no zone us-east-1c in this data centre."],
    [["host", "add", "--zone", "us-east-1a", "--accelerators", "ffff:00:00.0"], "This machine has no accelerator ffff:00:00.0 that guests could have."],
    [["host", "add", "--zone", "us-east-1a", "--cards", "nothere0"], "This machine has no network device nothere0."],
    [["host", "add", "--zone", "us-east-1a", "--emulated", "--cards", "eth7"], "The cards of an emulated host are called eth1, nvme0."],
    [["host", "add", "--zone", "us-east-1a", "--memory", "8"], "Memory is a size such as 8 GiB"],
    [["zone", "add", "us-east-1a"], "The zone us-east-1a is there already."],
    [["zone", "add", "us-west-2a"], "There is no region us-west-2 in this data centre."],
    [["region", "add", "eu-west-1"], "The region eu-west-1 is there already."],
    [["region", "add", "moon-1"], "There is no region moon-1."],
  ] as const;
  for (const [args, reason] of refusals) expect({ args, ...(await centre.hostelry(...args)) }).toMatchObject({ args, code: expect.not.toSatisfy((code) => code === 0), text: expect.stringContaining(reason) });
  expect(await centre.nodes()).toEqual(before);

  await centre.hostelry("host", "drain", "a1");
  const other = await launch(east);
  await east.terminateInstances({ InstanceIds: [guest] });
  await untilState(east, guest, "terminated");
  expect(await centre.hostelry("host", "remove", "a1")).toEqual({ code: 0, text: "a1 removed\n" });
  await west.deleteVolume({ VolumeId });
  await west.deleteSnapshot({ SnapshotId });
  await vi.waitFor(async () => expect(await centre.hostelry("region", "remove", "eu-west-1")).toMatchObject({ code: 0 }), { timeout: 60_000 });
  expect(await centre.nodes()).toEqual(["a2", "as"]);
  await untilState(east, other, "running");

  const file = join(centre.directory, "another.yaml");
  writeFileSync(file, small);
  await centre.end();
  expect(await centre.hostelry("up", "--simulated", "--topology", file)).toMatchObject({ code: 1, text: expect.stringContaining(`a2 cannot go, because of what is there: guests ${other}`) });
});
