/* Hides AVX-512, AMX and AVX-VNNI from a program, so that a library without a switch of its own can be timed on AVX2.
 *
 *   cc -O2 -shared -fPIC -o avx2_only.so avx2_only.c
 *   LD_PRELOAD=./avx2_only.so program ...
 *
 * ONNX Runtime asks the processor what it can do, by the CPUID instruction, when it is loaded, and offers no way to
 * restrain it. Linux can make that instruction fault for a process (arch_prctl, ARCH_SET_CPUID, since 4.12) where the
 * processor has "cpuid_fault" among its flags in /proc/cpuinfo. The handler below then answers in its place, with some
 * bits off. Only what asks after this library is loaded is answered so: the C library has chosen its own memcpy by then,
 * which no figure here depends on.
 *
 * Where faulting is not to be had, the libraries in question can be copies in which patch_cpuid.py has put an instruction
 * in the place of CPUID that no processor has; AVX2_ONLY_PATCHED=1 says that they are. Without that the program ends with
 * status 77 before it starts: a timing under a wrong name would be worse than none. How often somebody asked for vectors
 * and was answered here is in avx2_only_answers.
 *
 * Linux on x86-64, any C compiler with GNU extensions.
 */
#define _GNU_SOURCE
#include <cpuid.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012

/* The second byte of CPUID, after 0x0f, and of what patch_cpuid.py writes in its place. */
#define CPUID 0xa2
#define STAND_IN 0x04

volatile int avx2_only_answers;

static struct sigaction before_segv, before_ill;
static int faults;

static int allow_cpuid(int allowed)
{
    return (int)syscall(SYS_arch_prctl, ARCH_SET_CPUID, (long)allowed);
}

/* Bits of leaf 7 (Intel SDM, volume 2A, table of CPUID): whatever is newer than AVX2 and FMA in vectors and tiles. */
static const uint32_t LEAF_7_0_EBX = 1u << 16 | 1u << 17 | 1u << 21 | 1u << 26 | 1u << 27 | 1u << 28 | 1u << 30 | 1u << 31;
static const uint32_t LEAF_7_0_ECX = 1u << 1 | 1u << 6 | 1u << 11 | 1u << 12 | 1u << 14;
static const uint32_t LEAF_7_0_EDX = 1u << 2 | 1u << 3 | 1u << 8 | 1u << 22 | 1u << 23 | 1u << 24 | 1u << 25;
static const uint32_t LEAF_7_1_EAX = 1u << 4 | 1u << 5 | 1u << 21 | 1u << 23;
static const uint32_t LEAF_7_1_EDX = 1u << 4 | 1u << 5 | 1u << 8 | 1u << 10 | 1u << 19;

static void answer(int number, siginfo_t *info, void *raw)
{
    greg_t *registers = ((ucontext_t *)raw)->uc_mcontext.gregs;
    const uint8_t *code = (const uint8_t *)registers[REG_RIP];
    /* A fault by CPUID comes from the kernel with no address; anything else is somebody's error, and is handed on. */
    int is_fault = number == SIGSEGV && info->si_code == SI_KERNEL && code[0] == 0x0f && code[1] == CPUID;
    int is_stand_in = number == SIGILL && code[0] == 0x0f && code[1] == STAND_IN;
    if (!is_fault && !is_stand_in) {
        sigaction(number, number == SIGSEGV ? &before_segv : &before_ill, NULL);
        return;
    }
    uint32_t leaf = (uint32_t)registers[REG_RAX], subleaf = (uint32_t)registers[REG_RCX];
    uint32_t a, b, c, d;
    if (faults)
        allow_cpuid(1);
    __cpuid_count(leaf, subleaf, a, b, c, d);
    if (faults)
        allow_cpuid(0);
    if (leaf == 7 && subleaf == 0) {
        b &= ~LEAF_7_0_EBX;
        c &= ~LEAF_7_0_ECX;
        d &= ~LEAF_7_0_EDX;
        avx2_only_answers++;
    } else if (leaf == 7 && subleaf == 1) {
        a &= ~LEAF_7_1_EAX;
        d &= ~LEAF_7_1_EDX;
    }
    registers[REG_RAX] = a;
    registers[REG_RBX] = b;
    registers[REG_RCX] = c;
    registers[REG_RDX] = d;
    registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void hide(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = answer;
    /* NODEFER: CPUID inside the handler is allowed again, but a real fault there must not hang. */
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    int handled = sigaction(SIGSEGV, &action, &before_segv) == 0 && sigaction(SIGILL, &action, &before_ill) == 0;
    faults = handled && allow_cpuid(0) == 0;
    if (!handled || (!faults && !getenv("AVX2_ONLY_PATCHED"))) {
        static const char message[] = "avx2_only: this processor or kernel cannot make CPUID fault\n";
        ssize_t written = write(2, message, sizeof message - 1);
        (void)written;
        _exit(77);
    }
}
