/** Every action that is built, by service and name: the registry that the server serves and that the reference documents. EC2's have a list of their own. */
import type { Action } from "./action.ts";
import { LookupEvents } from "./cloudtrail/lookup-events.ts";
import { CompleteSnapshot } from "./ebs/complete-snapshot.ts";
import { GetSnapshotBlock } from "./ebs/get-snapshot-block.ts";
import { ListChangedBlocks } from "./ebs/list-changed-blocks.ts";
import { ListSnapshotBlocks } from "./ebs/list-snapshot-blocks.ts";
import { PutSnapshotBlock } from "./ebs/put-snapshot-block.ts";
import { StartSnapshot } from "./ebs/start-snapshot.ts";
import * as ec2 from "./ec2/actions.ts";
import { SendSerialConsoleSSHPublicKey } from "./ec2-instance-connect/send-serial-console-ssh-public-key.ts";
import { SendSSHPublicKey } from "./ec2-instance-connect/send-ssh-public-key.ts";
import { accessKeyActions } from "./iam/access-keys.ts";
import { accountActions } from "./iam/account.ts";
import { authorizationDetailActions } from "./iam/authorization-details.ts";
import { entityActions } from "./iam/entities.ts";
import { entityPolicyActions } from "./iam/entity-policies.ts";
import { entityTagActions } from "./iam/entity-tags.ts";
import { loginProfileActions } from "./iam/login-profiles.ts";
import { memberActions } from "./iam/members.ts";
import { mfaDeviceActions } from "./iam/mfa-devices.ts";
import { policyActions } from "./iam/policies.ts";
import { simulationActions } from "./iam/simulate.ts";
import { GetParameter } from "./ssm/get-parameter.ts";
import { GetParameters } from "./ssm/get-parameters.ts";
import { GetParametersByPath } from "./ssm/get-parameters-by-path.ts";
import { AssumeRole } from "./sts/assume-role.ts";
import { DecodeAuthorizationMessage } from "./sts/decode-authorization-message.ts";
import { GetAccessKeyInfo } from "./sts/get-access-key-info.ts";
import { GetCallerIdentity } from "./sts/get-caller-identity.ts";
import { GetFederationToken } from "./sts/get-federation-token.ts";
import { GetSessionToken } from "./sts/get-session-token.ts";

export const actions: readonly Action[] = [
  ...Object.values(ec2),
  LookupEvents,
  CompleteSnapshot,
  GetSnapshotBlock,
  ListChangedBlocks,
  ListSnapshotBlocks,
  PutSnapshotBlock,
  StartSnapshot,
  SendSSHPublicKey,
  SendSerialConsoleSSHPublicKey,
  ...accessKeyActions,
  ...loginProfileActions,
  ...mfaDeviceActions,
  ...accountActions,
  ...authorizationDetailActions,
  ...entityActions,
  ...entityPolicyActions,
  ...entityTagActions,
  ...memberActions,
  ...policyActions,
  ...simulationActions,
  GetParameter,
  GetParameters,
  GetParametersByPath,
  AssumeRole,
  DecodeAuthorizationMessage,
  GetAccessKeyInfo,
  GetCallerIdentity,
  GetFederationToken,
  GetSessionToken,
];

const byName = new Map(actions.map((action) => [`${action.service} ${action.name}`, action]));

export function findAction(service: string, name: string): Action | undefined {
  return byName.get(`${service} ${name}`);
}
