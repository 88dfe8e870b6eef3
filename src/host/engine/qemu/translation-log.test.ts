import { expect, test } from "vitest";
import { chooseBlock } from "./translation-log.ts";

/** As QEMU 7.2 writes it. */
const blockOf = (guest: string) => `----------------
IN: 
${guest}

OP:
 ld_i32 tmp9,env,$0xfffffffffffffff0
 ---- 0000000000000643 0000000000000000
 exit_tb $0x0

OUT: [size=464]
  -- guest addr 0x0000000000000643 + tb prologue
0x7fe951879380:  8b 5d f0                 movl     -0x10(%rbp), %ebx
0x7fe95187938b:  48 8b 9d 80 00 00 00     movq     0x80(%rbp), %rbx

`;
const plain = "0xffffffff819c3651:  41 39 f0                 cmpl     %esi, %r8d\n0xffffffff819c3654:  75 28                    jne      0xffffffff819c367e";
const privilegedBlock = "0xffffffff81000010:  fa                       cli      \n0xffffffff81000011:  0f 22 d8                 movq     %rax, %cr3";

test("A block with a privileged instruction is chosen, with all three of its forms", () => {
  expect(chooseBlock(blockOf(plain) + blockOf(privilegedBlock))).toEqual({
    guest: [
      { text: "0xffffffff81000010  cli", privileged: true },
      { text: "0xffffffff81000011  movq %rax, %cr3", privileged: true },
    ],
    intermediate: [" ld_i32 tmp9,env,$0xfffffffffffffff0", " ---- 0000000000000643 0000000000000000", " exit_tb $0x0"],
    host: ["0x7fe951879380  movl -0x10(%rbp), %ebx", "0x7fe95187938b  movq 0x80(%rbp), %rbx"],
  });
});

test("Without one any block will do, and half a block is none", () => {
  expect(chooseBlock(blockOf(plain))?.guest.map(({ privileged }) => privileged)).toEqual([false, false]);
  expect(chooseBlock(blockOf(plain).slice(0, 150))).toBeUndefined();
  expect(chooseBlock("")).toBeUndefined();
});

test.each(["wrmsr", "hlt", "sti", "inb (%dx), %al", "outl %eax, (%dx)", "lidt (%rax)", "swapgs", "iretq", "sysretq", "movq %cr0, %rax", "invlpg (%rdi)"])("%s is privileged", (code) => {
  expect(chooseBlock(blockOf(`0xffffffff81000010:  fa                       ${code}`))?.guest[0]?.privileged).toBe(true);
});

test.each(["msr daifset, #2", "mrs x0, esr_el1", "msr sp_el0, x1", "tlbi vmalle1is", "eret", "wfi"])("%s of arm64 is privileged", (code) => {
  expect(chooseBlock(blockOf(`0xffff800008010000:  d503207f  ${code}`))?.guest[0]).toEqual({ text: `0xffff800008010000  ${code}`, privileged: true });
});

test.each(["mrs x0, tpidr_el0", "ldr x0, [x1]", "add x0, x0, #1", "dc zva, x0", "svc #0"])("%s of arm64 is not", (code) => {
  expect(chooseBlock(blockOf(`0xffff800008010000:  d503207f  ${code}`))?.guest[0]?.privileged).toBe(false);
});

test.each(["incl %eax", "movl %edx, %ecx", "stosq %rax, (%rdi)", "intel", "insertq $1, $2"])("%s is not", (code) => {
  expect(chooseBlock(blockOf(`0xffffffff81000010:  fa                       ${code}`))?.guest[0]?.privileged).toBe(false);
});
