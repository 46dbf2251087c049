"""PyTorch eager, by the protocol of protocol.py: an encoder with a label head, or a Llama decoder, in f32.

Usage:  python time_pytorch.py --model DIR [--adapter DIR] --ids FILE --mode single|batch|prefill|decode [--help]

Attention is transformers' default, torch's scaled_dot_product_attention. An encoder needs --adapter, for its head.
Instructions are restrained by ATEN_CPU_CAPABILITY=avx2, ONEDNN_MAX_CPU_ISA=AVX2 and MKL_ENABLE_INSTRUCTIONS=AVX2.

torch and transformers as in requirements.txt.
"""

import json

import torch

import protocol
import torch_model


def encoder(options, about):
    model = torch_model.read(options.model, options.adapter, attention="sdpa")
    prepare = lambda rows: torch_model.tensors(*protocol.padded(rows))
    if options.dump:
        results = []
        for row in protocol.read_ids(options.ids)[: protocol.DUMPED]:
            results += [tensor.numpy() for tensor in model(*prepare([row]))]
        protocol.dump(options.dump, results)
    protocol.run_encoder(options, about, prepare, lambda batch: model(*batch)[1].numpy())


def decoder(options, about):
    model = torch_model.transformers.AutoModelForCausalLM.from_pretrained(str(options.model), dtype=torch.float32).eval()
    state = {}

    def forward(tokens):
        out = model(torch.tensor([tokens]), past_key_values=state.get("past"), use_cache=True, logits_to_keep=1)
        state["past"] = out.past_key_values
        return out.logits[0, -1].numpy()

    def prefill(prompt):
        state.clear()
        return forward(prompt)

    if options.dump:
        prompts = protocol.read_ids(options.ids)[: protocol.DUMPED]
        protocol.dump(options.dump, [protocol.log_softmax(prefill(prompt)) for prompt in prompts])
    protocol.run_decoder(options, about, prefill, lambda token: forward([token]))


def main():
    options = protocol.arguments("PyTorch eager on an encoder or a decoder")
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    isa = torch.backends.cpu.get_cpu_capability().lower()
    about = {"engine": "pytorch", "version": torch.__version__, "isa": isa}
    kind = json.loads((options.model / "config.json").read_text())["model_type"]
    with torch.inference_mode():
        (encoder if kind == "bert" else decoder)(options, about)


if __name__ == "__main__":
    main()
