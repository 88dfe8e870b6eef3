/** Passwords: login profiles of users and of the root, and what users may do about their own. */
import { isApiError, passwordUnchangeable, throttled } from "../../base/api-error.ts";
import { changeLoginProfile, createLoginProfile, deleteLoginProfile, findLoginProfile, requireLoginProfile } from "../../iam/login-profile.ts";
import { hashPassword, isPassword, requireGoodPassword } from "../../iam/password.ts";
import { personOf, type Person } from "../../iam/person.ts";
import type { PasswordRow } from "../../store/identity-tables.ts";
import type { Action, Preparing } from "../action.ts";
import { defineServiceAction } from "../action.ts";
import { optionalText, personAction, type IamCall, type IamInput } from "./iam-action.ts";

/** The hash of the password that the input names. A bad one is refused when it is known who asks. */
interface PreparedPassword {
  readonly hash?: string;
  readonly refusal?: unknown;
}

const preparePassword = (member: string) => async (input: IamInput, { random }: Preparing): Promise<PreparedPassword> => {
  const password = optionalText(input, member);
  if (password === undefined) return {};
  try {
    requireGoodPassword(password);
    return { hash: await hashPassword(password, random) };
  } catch (refusal) {
    if (!isApiError(refusal)) throw refusal;
    return { refusal };
  }
};

function takePassword({ prepared }: IamCall): string | undefined {
  const { hash, refusal } = prepared as PreparedPassword; // made above
  if (refusal !== undefined) throw refusal;
  return hash;
}

function resetRequired({ input }: IamCall): boolean | undefined {
  const value = input["PasswordResetRequired"];
  return typeof value === "boolean" ? value : undefined;
}

function toView({ name }: Person, row: PasswordRow): object {
  return { LoginProfile: { UserName: name, CreateDate: new Date(row.created_at), PasswordResetRequired: row.reset_required === 1 } };
}

const CreateLoginProfile = personAction({
  name: "CreateLoginProfile",
  prepare: preparePassword("Password"),
  apply: async (person, call) => {
    const hash = takePassword(call);
    if (hash === undefined) throw passwordUnchangeable("A password must be given.");
    return toView(person, await createLoginProfile(call.tx, person, hash, resetRequired(call) ?? false, call.now));
  },
});

const GetLoginProfile = personAction({ name: "GetLoginProfile", readOnly: true, apply: async (person, { tx }) => toView(person, await requireLoginProfile(tx, person)) });

/** About a password that is there. */
function profileChange(name: "UpdateLoginProfile" | "DeleteLoginProfile", change: (person: Person, call: IamCall) => Promise<void>): Action {
  return personAction({
    name,
    prepare: preparePassword("Password"),
    apply: async (person, call) => {
      await requireLoginProfile(call.tx, person);
      await change(person, call);
      return {};
    },
  });
}

const UpdateLoginProfile = profileChange("UpdateLoginProfile", (person, call) => changeLoginProfile(call.tx, person, { hash: takePassword(call), resetRequired: resetRequired(call) }));
const DeleteLoginProfile = profileChange("DeleteLoginProfile", (person, { tx }) => deleteLoginProfile(tx, person));

const ChangePassword = defineServiceAction("iam", {
  name: "ChangePassword",
  supported: "whole",
  prepare: (input, preparing) => preparePassword("NewPassword")({ NewPassword: input.NewPassword }, preparing),
  load: ({ caller }) => (caller.entity === undefined || caller.session !== undefined ? undefined : personOf(caller)),
  authorize: (_user, { caller }) => [{ action: "iam:ChangePassword", resource: caller.arn }],
  apply: async (user, { input, tx, attempts, now, prepared: { hash, refusal } }) => {
    if (user === undefined) throw passwordUnchangeable("Only IAM Users can change their own password");
    if (refusal !== undefined) throw refusal;
    const subjects = [`password of ${user.userId}`];
    if (attempts.begin(subjects, now) > 0) throw throttled();
    const kept = await findLoginProfile(tx, user);
    if (!(await isPassword(input.OldPassword ?? "", kept?.hash))) throw passwordUnchangeable("The old password was incorrect.");
    attempts.forgive(subjects);
    await changeLoginProfile(tx, user, { hash, resetRequired: false });
    return {};
  },
});

export const loginProfileActions: readonly Action[] = [CreateLoginProfile, GetLoginProfile, UpdateLoginProfile, DeleteLoginProfile, ChangePassword];
