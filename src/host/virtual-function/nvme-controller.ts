/**
 * What a host tells an NVMe controller that splits itself, through `nvme` of the package nvme-cli (NVM Express base specification: virtualization enhancements,
 * namespace management). Each virtual function is a secondary controller, which has queues and interrupts only when it was given some of the primary's flexible
 * ones, and sees the namespaces alone that are attached to it.
 */
import { CommandFailedError, runCommand } from "../network/command.ts";
import { listField, numberField } from "../network/json-field.ts";

export interface Namespace {
  readonly id: number;
  readonly bytes: number;
  /** Those that see it. */
  readonly controllers: readonly number[];
}

export interface SecondaryController {
  readonly id: number;
  /** The virtual function's number, from 0. */
  readonly number: number;
  readonly isOnline: boolean;
}

/** Each command is a process, and what fails fails with what that has said. */
export interface NvmeController {
  /** The number of the host's own end. */
  primary(): Promise<number>;
  listNamespaces(): Promise<readonly number[]>;
  /** Numbers of the controllers that see it. */
  listViewers(namespace: number): Promise<readonly number[]>;
  readNamespace(id: number): Promise<Namespace>;
  /** Those of the virtual functions that there are. */
  listSecondary(): Promise<readonly SecondaryController[]>;
  /** Takes from the primary what secondary ones can be given; it counts after the controller's next reset. */
  freeResources(): Promise<void>;
  /** Gives it an equal share of what there is for so many, and turns it on. */
  enable(secondary: number, shares: number): Promise<void>;
  attach(namespace: number, controller: number): Promise<void>;
  detach(namespace: number, controller: number): Promise<void>;
  /** Nothing that was written to the namespace, which is attached to the primary, can be read any more. */
  format(namespace: number): Promise<void>;
}

/** A large disk takes its time. */
const formatMs = 600_000;
/** Kinds of resources and actions of the Virtualization Management command. */
const [queues, interrupts] = [0, 1];
const [allocateToPrimary, turnOff, assignToSecondary, turnOn] = [1, 7, 8, 9];

/** `device`: `nvme0`. */
export function nvmeController(device: string): NvmeController {
  const path = `/dev/${device}`;
  const ask = async (command: string, ...options: readonly string[]): Promise<unknown> => JSON.parse(await runCommand("nvme", [command, path, ...options, "--output-format=json"]));
  const tell = (command: string, ...options: readonly string[]) => runCommand("nvme", [command, path, ...options]);
  const manage = (controller: number, kind: number, action: number, count: number) => tell("virt-mgmt", `--cntlid=${controller}`, `--rt=${kind}`, `--act=${action}`, `--nr=${count}`);
  const primaryId = async () => required(await ask("id-ctrl"), "cntlid");

  const listViewers = async (namespace: number) => listField(await ask("list-ctrl", `--namespace-id=${namespace}`), "ctrl_list").map((each) => required(each, "ctrl_id"));
  return {
    primary: primaryId,
    listNamespaces: async () => listField(await ask("list-ns", "--all"), "nsid_list").map((each) => required(each, "nsid")),
    listViewers,
    async readNamespace(id) {
      const shape = await ask("id-ns", `--namespace-id=${id}`, "--force");
      const format = listField(shape, "lbafs")[required(shape, "flbas") & 15];
      return { id, bytes: required(shape, "nsze") * 2 ** required(format, "ds"), controllers: await listViewers(id) };
    },
    async listSecondary() {
      const all = listField(await ask("list-secondary"), "secondary-controllers");
      return all.flatMap((each) => {
        const number = required(each, "virtual-function-number");
        return number === 0 ? [] : [{ id: required(each, "secondary-controller-identifier"), number: number - 1, isOnline: required(each, "secondary-controller-state") === 1 }];
      });
    },
    async freeResources() {
      const primary = await primaryId();
      for (const kind of [queues, interrupts]) await manage(primary, kind, allocateToPrimary, 0);
    },
    async enable(secondary, shares) {
      const able = await ask("primary-ctrl-caps");
      await manage(secondary, queues, turnOff, 0);
      for (const [kind, total, most] of [[queues, "vqfrt", "vqfrsm"], [interrupts, "vifrt", "vifrsm"]] as const) {
        await manage(secondary, kind, assignToSecondary, Math.min(Math.floor(required(able, total) / shares), required(able, most)));
      }
      await manage(secondary, queues, turnOn, 0);
    },
    attach: async (namespace, controller) => void (await tell("attach-ns", `--namespace-id=${namespace}`, `--controllers=${controller}`)),
    detach: async (namespace, controller) => void (await tell("detach-ns", `--namespace-id=${namespace}`, `--controllers=${controller}`)),
    format: async (namespace) => void (await runCommand("nvme", ["format", path, `--namespace-id=${namespace}`, "--ses=1", "--force"], "", formatMs)),
  };
}

/** Undefined: the program is there. */
export async function whyNoProgram(): Promise<string | undefined> {
  try {
    await runCommand("nvme", ["version"]);
    return undefined;
  } catch (error) {
    return error instanceof CommandFailedError ? `the program nvme does not run: ${error.said}` : "the program nvme is missing: install the package nvme-cli";
  }
}

function required(value: unknown, name: string): number {
  const found = numberField(value, name);
  if (found === undefined) throw new Error(`nvme does not say ${name}`);
  return found;
}
