/**
 * QEMU's log of translations (its `log in_asm,op,out_asm`): for each block the guest's instructions (`IN:`), the intermediate form (`OP:`) and the host's code
 * (`OUT:`). Chosen is a block with a privileged instruction, if there is one.
 */
import type { GuestInstruction, TranslatedBlock } from "../../protocol/inspection.ts";

/**
 * Instructions of x86-64 that only a kernel may carry out, or that behave otherwise for one (AMD64 Architecture Programmer's Manual, volume 3, "System
 * instructions"), as the disassembler writes them.
 */
const privileged = /^(cli|sti|hlt|clts|invd|wbinvd|invlpg|lgdt|lidt|lldt|ltr|lmsw|rdmsr|wrmsr|swapgs|sysret|sysexit|iret|in[bwl]|out[bwl]|ins[bwl]|outs[bwl]|xsetbv|monitor|mwait)[a-z]*\b|%[cd]r\d/;
/** The same of arm64 (Arm Architecture Reference Manual, "System instructions"): system registers whose name says that a kernel's level has them. */
const privilegedOfArm64 = /^(eret|hvc|smc|tlbi|wfi|at)\b|^m[rs][rs] .*(daif|spsel|sp_el0|_el[123])/;
const longestHost = 60;

/** Undefined when the log has no whole block. */
export function chooseBlock(log: string): TranslatedBlock | undefined {
  const blocks = log.split(/^-{16}$/m).flatMap(parseBlock);
  return blocks.find(({ guest }) => guest.some((instruction) => instruction.privileged)) ?? blocks[0];
}

function parseBlock(text: string): TranslatedBlock[] {
  const [, guest, intermediate, host] = /^IN:.*\n([\s\S]*?)\nOP:\n([\s\S]*?)\nOUT:.*\n([\s\S]*)$/m.exec(text) ?? [];
  if (guest === undefined || intermediate === undefined || host === undefined) return [];
  const instructions = codeLines(guest).map(toInstruction);
  return instructions.length === 0 ? [] : [{ guest: instructions, intermediate: linesOf(intermediate), host: codeLines(host).slice(0, longestHost) }];
}

/** `0xffffffff81000000:  fa                       cli`, or `0xffff800008010000:  d503207f  wfi`, without the bytes. */
function codeLines(text: string): string[] {
  return linesOf(text).flatMap((line) => {
    const [, address, code] = /^(0x[0-9a-f]+): {2}(?:[0-9a-f]{8} |(?:[0-9a-f]{2} )+) *(.*)$/.exec(line) ?? [];
    return address === undefined || code === undefined || code === "" ? [] : [`${address}  ${code.replaceAll(/ +/g, " ").trim()}`];
  });
}

function toInstruction(text: string): GuestInstruction {
  const code = text.replace(/^\S+ {2}/, "");
  return { text, privileged: privileged.test(code) || privilegedOfArm64.test(code) };
}

function linesOf(text: string): string[] {
  return text.split("\n").map((line) => line.trimEnd()).filter((line) => line !== "");
}
