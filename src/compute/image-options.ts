/** What an image asks of the machines that are launched from it (facts §4.9, §6), as `images.launch_options` keeps it. */
import { invalidParameterCombination, unsupportedRequest } from "../base/api-error.ts";
import type { ImageRow } from "../store/compute-tables.ts";
import { findChoice } from "./choice.ts";

export interface ImageOptions {
  readonly enaSupport: boolean;
  readonly sriovNetSupport: "simple" | null;
  readonly bootMode: "legacy-bios" | "uefi" | "uefi-preferred" | null;
  /** `v2.0`: metadata only with a token. */
  readonly imdsSupport: "v2.0" | null;
}

const plain: ImageOptions = { enaSupport: false, sriovNetSupport: null, bootMode: null, imdsSupport: null };
/** What every hvm image has that the installation brings along. */
const builtinHvm: ImageOptions = { enaSupport: true, sriovNetSupport: "simple", bootMode: "legacy-bios", imdsSupport: null };

const builtinArm64: ImageOptions = { ...builtinHvm, sriovNetSupport: null, bootMode: "uefi" };

export function imageOptions(image: Pick<ImageRow, "architecture" | "launch_options" | "virtualization_type">): ImageOptions {
  const defaults = image.launch_options !== "{}" || image.virtualization_type !== "hvm" ? plain : image.architecture === "arm64" ? builtinArm64 : builtinHvm;
  return { ...defaults, ...(JSON.parse(image.launch_options) as Partial<ImageOptions>) }; // written by the image actions
}

/** As RegisterImage has them. */
export interface ImageOptionsRequest {
  readonly EnaSupport?: boolean | undefined;
  readonly SriovNetSupport?: string | undefined;
  readonly BootMode?: string | undefined;
  readonly ImdsSupport?: string | undefined;
  readonly TpmSupport?: string | undefined;
  readonly UefiData?: string | undefined;
}

/** Fails for what paravirtual machines do not have, and for what this installation's machines do not. */
export function parseImageOptions(request: ImageOptionsRequest, virtualization: ImageRow["virtualization_type"]): ImageOptions {
  if (request.TpmSupport !== undefined || request.UefiData !== undefined) throw unsupportedRequest("Virtual TPMs and UEFI variables are not supported by this installation.");
  const options: ImageOptions = {
    enaSupport: request.EnaSupport ?? false,
    sriovNetSupport: findChoice("sriovNetSupport", ["simple"], request.SriovNetSupport),
    bootMode: findChoice("bootMode", ["legacy-bios", "uefi", "uefi-preferred"], request.BootMode),
    imdsSupport: parseImdsSupport(request.ImdsSupport),
  };
  if (virtualization === "paravirtual" && (options.enaSupport || options.sriovNetSupport !== null || options.bootMode !== null)) {
    throw invalidParameterCombination("Enhanced networking and boot modes need the virtualization type 'hvm'.");
  }
  return options;
}

export function parseImdsSupport(asked: string | undefined): ImageOptions["imdsSupport"] {
  return findChoice("imdsSupport", ["v2.0"], asked);
}
