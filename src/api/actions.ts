/** Every action that is built, by service and name: the registry that the server serves and that the reference documents. */
import type { Action } from "./action.ts";
import { DescribeInstances } from "./ec2/describe-instances.ts";
import { RebootInstances } from "./ec2/reboot-instances.ts";
import { RunInstances } from "./ec2/run-instances.ts";
import { StartInstances } from "./ec2/start-instances.ts";
import { StopInstances } from "./ec2/stop-instances.ts";
import { TerminateInstances } from "./ec2/terminate-instances.ts";
import { GetCallerIdentity } from "./sts/get-caller-identity.ts";

export const actions: readonly Action[] = [
  DescribeInstances,
  RebootInstances,
  RunInstances,
  StartInstances,
  StopInstances,
  TerminateInstances,
  GetCallerIdentity,
];

const byName = new Map(actions.map((action) => [`${action.service} ${action.name}`, action]));

export function findAction(service: string, name: string): Action | undefined {
  return byName.get(`${service} ${name}`);
}
