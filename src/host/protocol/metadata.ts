/** What a guest finds in its instance metadata, as far as it is not said of its machine elsewhere (facts §8). */
import type { ImageId } from "../../base/ids.ts";

/** What the metadata service of one machine answers (facts §8). */
export interface MetadataSpecification {
  readonly options: {
    readonly httpEndpoint: "enabled" | "disabled";
    /** Absent: not answered over IPv6. */
    readonly httpProtocolIpv6?: "enabled";
    readonly httpTokens: "optional" | "required";
    /** The time to live of the packets that carry a token, 1 to 64. */
    readonly httpPutResponseHopLimit: number;
    readonly instanceTags: "enabled" | "disabled";
  };
  readonly account: string;
  readonly region: string;
  readonly zone: string;
  readonly zoneId: string;
  /** Of a placement group and a Dedicated Host, as far as the instance has one. */
  readonly placement?: { readonly groupName?: string; readonly hostId?: string; readonly partitionNumber?: number };
  readonly imageId: ImageId;
  readonly instanceType: string;
  readonly architecture: "x86_64" | "arm64" | "i386";
  readonly hypervisor: "nitro" | "xen";
  readonly launchIndex: number;
  readonly reservationId: string;
  readonly kernelId?: string;
  readonly monitoring: "enabled" | "disabled";
  /** ISO 8601, to the second. */
  readonly pendingTime: string;
  readonly keyPair?: { readonly name: string; readonly openSshKey: string };
  /** Base64, as in the request. */
  readonly userData?: string;
  /** `ami` and `root`, `ebs1`…, `ephemeral0`…: the names that block-device-mapping lists, and their devices. */
  readonly blockDevices: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Absent: the instance has no instance profile. */
  readonly profile?: ProfileSpecification;
  /** Whose certificates the installation's services have, PEM; absent: they speak no TLS. */
  readonly serviceAuthority?: string;
  /** Absent: nobody has pushed a key of late. */
  readonly connect?: ConnectSpecification;
}

export interface ProfileSpecification {
  readonly arn: string;
  readonly id: string;
  /** ISO 8601, to the second. */
  readonly since: string;
  /** Absent: the profile has no role. `credentials`: the text that metadata answers, secrets and all; sealed as long as it is in the control plane's database. */
  readonly role?: { readonly name: string; readonly credentials: string };
}

/** Keys that EC2 Instance Connect pushed, and what a guest needs to believe them (facts §9.2). */
export interface ConnectSpecification extends ConnectSignature {
  readonly keys: readonly PushedKey[];
}

export interface ConnectSignature {
  /** The signer's certificate, PEM, and behind it those that it rests on. */
  readonly certificates: string;
  /** OCSP responses in base64, by the SHA-1 of the certificate that each is about, in capital digits. */
  readonly staples: Readonly<Record<string, string>>;
}

export interface PushedKey {
  /** Whom in the guest it lets in. */
  readonly user: string;
  /** The key with what was signed and the signature: lines, the last one ended too. */
  readonly block: string;
  /** From then on it is not shown any more, in milliseconds since 1970. */
  readonly expiresAt: number;
}
