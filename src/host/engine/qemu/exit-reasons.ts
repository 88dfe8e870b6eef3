/** Why a processor left a guest, by name: the codes of the kernel's event `kvm_exit`. */

/** AMD64 Architecture Programmer's Manual, volume 2, appendix C (SVM intercept exit codes). */
const svm: Readonly<Record<number, string>> = {
  0x60: "interrupt", 0x61: "NMI", 0x62: "SMI", 0x63: "INIT", 0x64: "interrupt window", 0x65: "write of CR0", 0x66: "read of IDTR", 0x6e: "RDTSC", 0x6f: "RDPMC", 0x72: "CPUID", 0x73: "RSM", 0x74: "IRET",
  0x75: "INT", 0x76: "INVD", 0x77: "PAUSE", 0x78: "HLT", 0x79: "INVLPG", 0x7b: "IN or OUT", 0x7c: "RDMSR or WRMSR", 0x7d: "task switch", 0x7f: "shutdown", 0x80: "VMRUN", 0x81: "VMMCALL (hypercall)",
  0x82: "VMLOAD", 0x83: "VMSAVE", 0x84: "STGI", 0x85: "CLGI", 0x87: "RDTSCP", 0x89: "WBINVD", 0x8a: "MONITOR", 0x8b: "MWAIT", 0x8d: "XSETBV", 0x400: "nested page fault", 0x401: "AVIC, incomplete IPI", 0x402: "AVIC, no acceleration",
};
/** Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3, appendix C (VMX basic exit reasons). */
const vmx: Readonly<Record<number, string>> = {
  0: "exception or NMI", 1: "interrupt", 2: "shutdown", 3: "INIT", 4: "SIPI", 7: "interrupt window", 8: "NMI window", 9: "task switch", 10: "CPUID", 12: "HLT", 13: "INVD", 14: "INVLPG", 15: "RDPMC", 16: "RDTSC",
  18: "VMCALL (hypercall)", 28: "access to CR", 29: "access to DR", 30: "IN or OUT", 31: "RDMSR", 32: "WRMSR", 36: "MWAIT", 39: "MONITOR", 40: "PAUSE", 43: "TPR below threshold", 44: "APIC access", 45: "end of interrupt",
  48: "nested page fault", 49: "access to a device (EPT misconfiguration)", 51: "RDTSCP", 52: "preemption timer", 54: "WBINVD", 55: "XSETBV", 56: "APIC write", 58: "INVPCID",
};
const svmIsa = 2;
const pageFault = 0x4e;

/** `isa` is the event's field: 1 for VMX, 2 for SVM. */
export function nameExit(isa: number, reason: number): string {
  const known = isa === svmIsa ? svm[reason] : vmx[reason];
  if (known !== undefined) return known;
  if (isa !== svmIsa) return `reason ${reason}`;
  if (reason < 0x20) return reason < 0x10 ? `read of CR${reason}` : `write of CR${reason - 0x10}`;
  if (reason >= 0x40 && reason < 0x60) return reason === pageFault ? "page fault" : `exception ${reason - 0x40}`;
  return `reason ${reason}`;
}
