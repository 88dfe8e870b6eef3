/**
 * The seven services that Hostelry answers for, as far as they are known without loading a model: cheap, synchronous and
 * complete enough to route a request and to answer one that never reaches an operation.
 */

export type Protocol = "ec2Query" | "awsQuery" | "awsJson1_1" | "restJson1";

export type ServiceId = "ec2" | "sts" | "iam" | "ssm" | "ec2-instance-connect" | "ebs" | "cloudtrail";

export interface ServiceFacts {
  readonly id: ServiceId;
  /** The service's name in a credential scope. */
  readonly signingName: string;
  readonly protocol: Protocol;
  /** The API version: for the query protocols the only accepted value of `Version`. */
  readonly version: string;
  /** The npm package that carries the service's schemas and types. */
  readonly packageName: string;
  /** What precedes the last dot in `X-Amz-Target` (JSON protocols); some clients put a name space and a dot before it. */
  readonly targetPrefix?: string;
  /** The `xmlns` of a response's root element (query protocols). */
  readonly xmlNamespace?: string;
}

export const serviceFacts: Readonly<Record<ServiceId, ServiceFacts>> = {
  ec2: {
    id: "ec2",
    signingName: "ec2",
    protocol: "ec2Query",
    version: "2016-11-15",
    packageName: "@aws-sdk/client-ec2",
    xmlNamespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
  },
  sts: {
    id: "sts",
    signingName: "sts",
    protocol: "awsQuery",
    version: "2011-06-15",
    packageName: "@aws-sdk/client-sts",
    xmlNamespace: "https://sts.amazonaws.com/doc/2011-06-15/",
  },
  iam: {
    id: "iam",
    signingName: "iam",
    protocol: "awsQuery",
    version: "2010-05-08",
    packageName: "@aws-sdk/client-iam",
    xmlNamespace: "https://iam.amazonaws.com/doc/2010-05-08/",
  },
  ssm: {
    id: "ssm",
    signingName: "ssm",
    protocol: "awsJson1_1",
    version: "2014-11-06",
    packageName: "@aws-sdk/client-ssm",
    targetPrefix: "AmazonSSM",
  },
  "ec2-instance-connect": {
    id: "ec2-instance-connect",
    signingName: "ec2-instance-connect",
    protocol: "awsJson1_1",
    version: "2018-04-02",
    packageName: "@aws-sdk/client-ec2-instance-connect",
    targetPrefix: "AWSEC2InstanceConnectService",
  },
  ebs: {
    id: "ebs",
    signingName: "ebs",
    protocol: "restJson1",
    version: "2019-11-02",
    packageName: "@aws-sdk/client-ebs",
  },
  cloudtrail: {
    id: "cloudtrail",
    signingName: "cloudtrail",
    protocol: "awsJson1_1",
    version: "2013-11-01",
    packageName: "@aws-sdk/client-cloudtrail",
    targetPrefix: "CloudTrail_20131101",
  },
};

const all: readonly ServiceFacts[] = Object.values(serviceFacts);

/** The service that a credential scope names, or undefined for one that is not served here. */
export function findServiceBySigningName(signingName: string): ServiceFacts | undefined {
  return all.find((facts) => facts.signingName === signingName);
}

/** The query service whose API version this is. */
export function findServiceByVersion(version: string): ServiceFacts | undefined {
  return all.find((facts) => facts.xmlNamespace !== undefined && facts.version === version);
}

/** The JSON service whose operations have targets with this prefix. */
export function findServiceByTargetPrefix(prefix: string): ServiceFacts | undefined {
  return all.find((facts) => facts.targetPrefix === prefix);
}
