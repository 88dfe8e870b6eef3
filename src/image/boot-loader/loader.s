# The boot code of the first sector: loads runs of sectors to where Linux wants them and starts it. 16-bit code, loaded by the
# firmware at 0000:7c00 with the disk's number in DL.
#
# What goes where is a table that the image's builder writes behind the code (loader.ts has its form):
#   first sector on the disk (4 bytes), how many (4), to which linear address (4); ends with a run of no sectors.
# The builder has prepared everything else: Linux's own 16-bit part already holds the address of its command line and of
# the archive that becomes its first file system. That part lies at 2000:0000 and is entered 512 bytes further on.
#
# Sectors are read 120 at a time (15 pages, what the firmware's NVMe driver takes in one command) to 4000:0000 and copied
# up by 32-bit addresses. The firmware resets the segments' limits at each read, so they are set anew after each.
#
# Assemble:  as --32 -o loader.o loader.s && ld -m elf_i386 -Ttext 0x7c00 --oformat binary -o loader.bin loader.o
        .code16
        .globl _start
_start:
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movw    $0x6000, %sp            # not in the page of this code: an emulator would translate that anew at each push
        ljmp    $0, $begin
begin:  movb    %dl, drive
        movw    $0x2401, %ax            # address line 20 on
        int     $0x15
        movw    $table, %bp

run:    movl    4(%bp), %ecx            # sectors left in this run
        testl   %ecx, %ecx
        jz      boot
        cmpl    $120, %ecx
        jbe     1f
        movl    $120, %ecx
1:      movw    %cx, packet_count
        movl    (%bp), %eax
        movl    %eax, packet_sector
        addl    %ecx, (%bp)
        subl    %ecx, 4(%bp)
        pushl   %ecx
        movb    drive, %dl
        movb    $0x42, %ah
        movw    $packet, %si
        sti
        int     $0x13
        cli
        jc      failed
        popl    %ecx

        lgdtl   gdt_register            # 4 GiB limits for DS and ES
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        movw    $8, %bx
        movw    %bx, %ds
        movw    %bx, %es
        andb    $0xfe, %al
        movl    %eax, %cr0
        xorw    %bx, %bx
        movw    %bx, %ds
        movw    %bx, %es

        movl    8(%bp), %edi
        movl    $0x40000, %esi
        shll    $7, %ecx                # double words
        rep movsl (%esi), %es:(%edi)
        movl    %edi, 8(%bp)
        cmpl    $0, 4(%bp)
        jne     run
        addw    $12, %bp
        jmp     run

boot:   movw    $0x2000, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        movw    $0xe000, %sp
        ljmp    $0x2020, $0

failed: movw    $message, %si
1:      lodsb
        testb   %al, %al
        jz      2f
        movb    $0x0e, %ah
        movw    $7, %bx
        int     $0x10
        jmp     1b
2:      sti
        hlt
        jmp     2b

message:        .asciz  "The disk cannot be read"
drive:          .byte   0
        .balign 4
packet:         .byte   16, 0
packet_count:   .word   0
                .word   0, 0x4000
packet_sector:  .long   0, 0
        .balign 8
gdt:            .quad   0
                .quad   0x00cf92000000ffff
gdt_register:   .word   gdt_register - gdt - 1
                .long   gdt
        .balign 4
table:
