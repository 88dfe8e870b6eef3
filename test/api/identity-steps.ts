/** Users and roles as a test needs them, made through the API. */
import type { Key, TestServer } from "./test-server.ts";

export function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements.map((statement) => ({ Effect: "Allow", Resource: "*", ...statement })) });
}

/** A user with one inline policy of these statements, and its key. */
export async function createUser(server: TestServer, UserName: string, ...statements: readonly object[]): Promise<Exclude<Key, string>> {
  const iam = server.iam();
  await iam.createUser({ UserName });
  await allowUser(server, UserName, ...statements);
  const { AccessKey: key } = await iam.createAccessKey({ UserName });
  return { accessKeyId: key?.AccessKeyId ?? "", secretAccessKey: key?.SecretAccessKey ?? "" };
}

/** From now on the user may do this and nothing else. */
export async function allowUser(server: TestServer, UserName: string, ...statements: readonly object[]): Promise<void> {
  const iam = server.iam();
  if (statements.length === 0) await iam.deleteUserPolicy({ UserName, PolicyName: "own" }).catch(() => undefined);
  else await iam.putUserPolicy({ UserName, PolicyName: "own", PolicyDocument: policyOf(...statements) });
}
