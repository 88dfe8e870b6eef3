import { expect, test } from "vitest";
import {
  accessDenied, type ApiError, dryRunOperation, incorrectInstanceState, instanceProtected, insufficientInstanceCapacity, internalError, invalidInstanceType, isApiError,
  malformedId, maxResultsTooSmall, missingParameter, notFound, requestLimitExceeded, unauthorizedOperation, unsupportedOperation,
} from "./api-error.ts";
import { idPrefixes, type ResourceKind } from "./ids.ts";

const shown = ({ code, status, fault, message }: ApiError) => ({ code, status, fault, message });

test("A missing id is named in EC2's own words for its kind", () => {
  expect([
    notFound("instance", "i-1").message,
    notFound("instance", ["i-a", "i-b"]).message,
    notFound("volume", "vol-1").message,
    notFound("image", ["ami-1"]).message,
    notFound("keyPairName", "me").message,
    notFound("networkInterface", "eni-1").message,
  ]).toEqual([
    "The instance ID 'i-1' does not exist",
    "The instance IDs 'i-a, i-b' do not exist",
    "The volume 'vol-1' does not exist.",
    "The image id '[ami-1]' does not exist",
    "The keypair 'me' does not exist.",
    "The networkInterface ID 'eni-1' does not exist",
  ]);
});

test("Not found and malformed keep EC2's irregular codes", () => {
  const codes = (["snapshot", "volume", "securityGroup", "image", "dhcpOptions"] as const).map((kind) => [notFound(kind, "x").code, malformedId(kind, "x").code]);
  expect(codes).toEqual([
    ["InvalidSnapshot.NotFound", "InvalidSnapshotID.Malformed"],
    ["InvalidVolume.NotFound", "InvalidVolumeID.Malformed"],
    ["InvalidGroup.NotFound", "InvalidGroupId.Malformed"],
    ["InvalidAMIID.NotFound", "InvalidAMIID.Malformed"],
    ["InvalidDhcpOptionID.NotFound", "InvalidDhcpOptionsId.Malformed"],
  ]);
});

test("A malformed id says which prefix was expected when it has another", () => {
  expect([malformedId("instance", "i-zz").message, malformedId("image", "foo").message]).toEqual(['Invalid id: "i-zz"', 'Invalid id: "foo" (expecting "ami-...")']);
});

test("Every kind of resource has both errors, and they are the caller's fault", () => {
  const kinds = Object.keys(idPrefixes) as ResourceKind[]; // Object.keys widens to string[]
  for (const error of kinds.flatMap((kind) => [notFound(kind, "x"), malformedId(kind, "x")])) expect(shown(error)).toMatchObject({ status: 400, fault: "client" });
});

test("Capacity is a server error that offers the zones with room", () => {
  expect(shown(insufficientInstanceCapacity("t3.micro", "us-east-1a", ["us-east-1b", "us-east-1c"]))).toEqual({
    code: "InsufficientInstanceCapacity",
    status: 500,
    fault: "server",
    message:
      "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested (us-east-1a). Our system will be working on provisioning additional capacity. You can currently get t3.micro capacity by not specifying an Availability Zone in your request or choosing us-east-1b, us-east-1c.",
  });
});

test("Statuses other than 400 are those that EC2 uses", () => {
  const denial = { principalArn: "arn:aws:iam::1:user/u", action: "ec2:RunInstances", resource: "*", layer: "identity-based policy", explicit: false };
  const errors = [dryRunOperation(), requestLimitExceeded(), internalError(), unauthorizedOperation(denial), accessDenied(denial)];
  expect(errors.map((error) => error.status)).toEqual([412, 503, 500, 403, 403]);
});

test("A refusal tells who may not do what, and why", () => {
  const denial = { principalArn: "arn:aws:iam::1:user/u", action: "ec2:RunInstances", resource: "*", layer: "identity-based policy", explicit: false, encodedMessage: "abc" };
  expect([unauthorizedOperation(denial).message, accessDenied({ ...denial, explicit: true }).message]).toEqual([
    "You are not authorized to perform this operation. User: arn:aws:iam::1:user/u is not authorized to perform: ec2:RunInstances on resource: * because no identity-based policy allows the ec2:RunInstances action. Encoded authorization failure message: abc",
    "User: arn:aws:iam::1:user/u is not authorized to perform: ec2:RunInstances on resource: * with an explicit deny in an identity-based policy.",
  ]);
});

test("The other recorded sentences are exact", () => {
  expect([
    incorrectInstanceState("i-1", "started").message,
    incorrectInstanceState("i-1", "stopped").message,
    instanceProtected("i-1", "disableApiTermination", "terminated").message,
    invalidInstanceType(["x"]).message,
    missingParameter("ImageId").message,
    maxResultsTooSmall(4, 5).message,
    unsupportedOperation("CreateFleet").message,
  ]).toEqual([
    "The instance 'i-1' is not in a state from which it can be started.",
    "This instance 'i-1' is not in a state from which it can be stopped.",
    "The instance 'i-1' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.",
    "The following supplied instance types do not exist: [x]",
    "The request must contain the parameter ImageId",
    "Value ( 4 ) for parameter maxResults is invalid. Expecting a value greater than 5.",
    "The operation CreateFleet is not supported by this installation yet.",
  ]);
});

test("An internal error keeps its cause for the log and says nothing of it", () => {
  const error = internalError(new Error("disk on fire"));
  expect([isApiError(error), error.message, error.cause]).toEqual([true, "An internal error has occurred", new Error("disk on fire")]);
});
