/** The service behind the page: who is signed in, and calls of its API in that name. */

export interface Session {
  readonly account: string;
  readonly arn: string;
  readonly name: string;
  readonly regions: readonly string[];
}

export interface Credentials {
  readonly account: string;
  readonly user: string;
  readonly password: string;
  /** Of the user's MFA device. */
  readonly code?: string;
  readonly newPassword?: string;
}

/** What the service says of a refused call; the message is for people. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

async function post(path: string, body: object): Promise<unknown> {
  const answer = await fetch(`/console/api/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }).catch(() => undefined);
  if (answer === undefined) throw new ServiceError("Unreachable", "The service does not answer.");
  const value: unknown = await answer.json();
  if (answer.ok) return value;
  const { code, message } = value as { code: string; message: string }; // the service's errors have them
  throw new ServiceError(code, message);
}

export async function findSession(): Promise<Session | undefined> {
  try {
    return (await post("session", {})) as Session; // the service's own answer, and so are those below
  } catch (error) {
    if (error instanceof ServiceError && error.code === "SignedOut") return undefined;
    throw error;
  }
}

export async function signIn(credentials: Credentials | { readonly link: string }): Promise<Session> {
  return (await post("sign-in", credentials)) as Session;
}

export async function signOut(): Promise<void> {
  await post("sign-out", {});
}

export interface Guest {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly zone: string;
  readonly publicAddress: string;
  readonly privateAddress: string;
}

interface DescribedInstances {
  readonly NextToken?: string;
  readonly Reservations?: readonly {
    readonly Instances?: readonly {
      readonly InstanceId: string;
      readonly InstanceType: string;
      readonly PublicIpAddress?: string;
      readonly PrivateIpAddress?: string;
      readonly Placement?: { readonly AvailabilityZone?: string };
      readonly Tags?: readonly { readonly Key: string; readonly Value: string }[];
    }[];
  }[];
}

/** The running instances of the region, in order of their names. */
export async function listGuests(region: string): Promise<readonly Guest[]> {
  const guests: Guest[] = [];
  let token: string | undefined;
  do {
    const input = { Filters: [{ Name: "instance-state-name", Values: ["running"] }], MaxResults: 1000, ...(token === undefined ? {} : { NextToken: token }) };
    const page = (await post("call", { service: "ec2", action: "DescribeInstances", region, input })) as DescribedInstances;
    for (const instance of (page.Reservations ?? []).flatMap(({ Instances = [] }) => Instances)) {
      guests.push({
        id: instance.InstanceId,
        name: instance.Tags?.find(({ Key }) => Key === "Name")?.Value ?? "",
        type: instance.InstanceType,
        zone: instance.Placement?.AvailabilityZone ?? "",
        publicAddress: instance.PublicIpAddress ?? "",
        privateAddress: instance.PrivateIpAddress ?? "",
      });
    }
    token = page.NextToken;
  } while (token !== undefined);
  return guests.toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
}
