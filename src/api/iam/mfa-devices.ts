/** Virtual MFA devices: an account's, and a user's or the root's as soon as two codes were shown. */
import { noSuchEntity } from "../../base/api-error.ts";
import { findEntityById, requirePath } from "../../iam/entity.ts";
import { createMfaDevice, deactivateMfaDevice, deleteMfaDevice, enableMfaDevice, listMfaDevices, mfaSerial, requireMfaDevice, resyncMfaDevice } from "../../iam/mfa-device.ts";
import { rootPerson } from "../../iam/person.ts";
import type { MfaDeviceRow } from "../../store/identity-tables.ts";
import type { Action } from "../action.ts";
import { accountAction, optionalText, paged, personAction, text, type IamCall } from "./iam-action.ts";
import { toEntityView } from "./iam-views.ts";

const serialOf = ({ caller, input }: IamCall) => mfaSerial(caller.account, optionalText(input, "Path") ?? "/", text(input, "VirtualMFADeviceName"));

const CreateVirtualMFADevice = accountAction({
  name: "CreateVirtualMFADevice",
  supported: "no QR code and no tags",
  resource: serialOf,
  apply: async (call) => {
    requirePath(optionalText(call.input, "Path"));
    const { row, seed } = await createMfaDevice(call.tx, call.secretKey, call.caller.account, serialOf(call), call.random, call.now);
    return { VirtualMFADevice: { SerialNumber: row.serial, Base32StringSeed: Buffer.from(seed) } };
  },
});

const codes = ({ input }: IamCall): readonly [string, string] => [text(input, "AuthenticationCode1"), text(input, "AuthenticationCode2")];

const EnableMFADevice = personAction({
  name: "EnableMFADevice",
  apply: async (person, call) => {
    await enableMfaDevice(call.tx, call.secretKey, await requireMfaDevice(call.tx, person.account, text(call.input, "SerialNumber")), person, codes(call), call.now);
    return {};
  },
});

/** About the named device, which must be the person's. */
function deviceChange(name: "ResyncMFADevice" | "DeactivateMFADevice", change: (row: MfaDeviceRow, call: IamCall) => Promise<void>): Action {
  return personAction({
    name,
    apply: async (person, call) => {
      const row = await requireMfaDevice(call.tx, person.account, text(call.input, "SerialNumber"));
      if (row.user_id !== person.userId) throw noSuchEntity("MFA Device invalid for user.");
      await change(row, call);
      return {};
    },
  });
}

const ResyncMFADevice = deviceChange("ResyncMFADevice", (row, call) => resyncMfaDevice(call.tx, call.secretKey, row, codes(call), call.now));
const DeactivateMFADevice = deviceChange("DeactivateMFADevice", (row, { tx }) => deactivateMfaDevice(tx, row));

const DeleteVirtualMFADevice = accountAction({
  name: "DeleteVirtualMFADevice",
  resource: ({ input }) => text(input, "SerialNumber"),
  apply: async ({ tx, input, caller }) => {
    await deleteMfaDevice(tx, await requireMfaDevice(tx, caller.account, text(input, "SerialNumber")));
    return {};
  },
});

const ListMFADevices = personAction({
  name: "ListMFADevices",
  readOnly: true,
  apply: async (person, call) => {
    const { page, end } = paged("ListMFADevices", await listMfaDevices(call.tx, person), (row) => row.serial, call);
    return { MFADevices: page.map((row) => ({ UserName: person.name, SerialNumber: row.serial, EnableDate: new Date(row.enabled_at ?? 0) })), ...end };
  },
});

const ListVirtualMFADevices = accountAction({
  name: "ListVirtualMFADevices",
  readOnly: true,
  resource: ({ caller }) => mfaSerial(caller.account, "/", "*"),
  apply: async (call) => {
    const status = optionalText(call.input, "AssignmentStatus") ?? "Any";
    const wanted = (row: MfaDeviceRow) => status === "Any" || (status === "Assigned") === (row.user_id !== null);
    const { page, end } = paged("ListVirtualMFADevices", (await listMfaDevices(call.tx, { account: call.caller.account })).filter(wanted), (row) => row.serial, call);
    const views: object[] = [];
    for (const row of page) views.push({ SerialNumber: row.serial, ...(await viewHolder(call, row)), ...(row.enabled_at === null ? {} : { EnableDate: new Date(row.enabled_at) }) });
    return { VirtualMFADevices: views, ...end };
  },
});

async function viewHolder({ tx, caller: { account } }: IamCall, { user_id: userId }: MfaDeviceRow): Promise<{ readonly User?: object }> {
  if (userId === account) return { User: { UserId: account, Arn: rootPerson(account).arn } };
  const user = userId === null ? undefined : await findEntityById(tx, userId);
  return user === undefined ? {} : { User: toEntityView(user, []) };
}

export const mfaDeviceActions: readonly Action[] = [CreateVirtualMFADevice, EnableMFADevice, ResyncMFADevice, DeactivateMFADevice, DeleteVirtualMFADevice, ListMFADevices, ListVirtualMFADevices];
