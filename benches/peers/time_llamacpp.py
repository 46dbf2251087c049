"""llama.cpp on the CPU, by the protocol of protocol.py: a decoder from a GGUF file.

Usage:  python time_llamacpp.py --model FILE.gguf --ids FILE --mode prefill|decode [--help]

The C interface of llama.cpp is called as llama-cpp-python exposes it, without that package's own sampling and text. A
prompt goes in as one batch, and scores are asked for its last token only. Attention is as llama.cpp has it by default, with
keys and values in f16; with --dump it is in f32, so that only the weights' type tells its results from ours. Which
instructions it uses was settled when it was compiled: LLAMA_CPP_LIB_PATH names the folder of another build (venv.sh makes
one for AVX2).

llama-cpp-python as in venv.sh.
"""

import ctypes
import importlib.metadata

import numpy

import protocol

try:
    import llama_cpp.llama_cpp as llama
except (ImportError, OSError, RuntimeError) as error:
    raise SystemExit(f"llama.cpp is not installed here: {error}")


@llama.llama_log_callback
def quiet(level, text, user_data):
    """llama.cpp tells much about a model when it opens it."""


def main():
    options = protocol.arguments("llama.cpp on a decoder")
    prompts = protocol.read_ids(options.ids)
    llama.llama_log_set(quiet, ctypes.c_void_p(0))
    llama.llama_backend_init()
    model_settings = llama.llama_model_default_params()
    model_settings.n_gpu_layers = 0
    # Without the weights' second layouts, of which AMX's is the one on x86-64 for these types: in this version it ends the
    # program with a segmentation fault in ggml_backend_amx_mul_mat (ggml-org/llama.cpp issue 20824).
    model_settings.use_extra_bufts = False
    model = llama.llama_model_load_from_file(str(options.model).encode(), model_settings)
    if not model:
        raise SystemExit(f"llama.cpp cannot open {options.model}")
    longest = max(map(len, prompts))
    settings = llama.llama_context_default_params()
    settings.n_ctx = longest + options.tokens + 1
    settings.n_batch = settings.n_ubatch = longest
    settings.n_threads = settings.n_threads_batch = options.threads
    if options.dump:
        settings.type_k = settings.type_v = llama.GGML_TYPE_F32
        # Flash attention rounds to f16 whatever the type: 7e-3 in the results, against 2e-5 without it.
        settings.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context = llama.llama_init_from_model(model, settings)
    vocab = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(model))

    def forward(tokens):
        array = (llama.llama_token * len(tokens))(*tokens)
        if llama.llama_decode(context, llama.llama_batch_get_one(array, len(tokens))) != 0:
            raise SystemExit("llama.cpp failed to decode")
        return numpy.ctypeslib.as_array(llama.llama_get_logits_ith(context, -1), shape=(vocab,))

    def prefill(prompt):
        llama.llama_memory_clear(llama.llama_get_memory(context), True)
        return forward(prompt)

    if options.dump:
        first = prompts[: protocol.DUMPED]
        protocol.dump(options.dump, [protocol.log_softmax(prefill(prompt)) for prompt in first])
    about = {
        "engine": f"llama.cpp {options.model.stem}",
        "version": importlib.metadata.version("llama-cpp-python"),
        # What it was compiled for, which the processor has nothing to say about.
        "isa": "avx512" if b"AVX512 = 1" in llama.llama_print_system_info() else "avx2",
    }
    protocol.run_decoder(options, about, prefill, lambda token: forward([token]))


if __name__ == "__main__":
    main()
