"""PyTorch eager, by the protocol of protocol.py: an encoder with a label head, or a Llama decoder.

Usage:  python time_pytorch.py --model DIR [--adapter DIR] --ids FILE --mode single|batch|prefill|decode
                               [--device cpu|cuda] [--weights f32|bf16|f16] [--help]

Attention is transformers' default, torch's scaled_dot_product_attention. An encoder needs --adapter, for its head.
Instructions are restrained by ATEN_CPU_CAPABILITY=avx2, ONEDNN_MAX_CPU_ISA=AVX2 and MKL_ENABLE_INSTRUCTIONS=AVX2. On a GPU
a batch lies in the host's memory when the clock starts and scores are there again when it stops, as for ours; f32 is
multiplied as f32, which is PyTorch's default, not as TF32.

torch and transformers as in requirements.txt.
"""

import json

import torch

import protocol
import torch_model


TYPES = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}


def on_host(tensor):
    return tensor.float().cpu().numpy()


def encoder(options, about):
    model = torch_model.read(options.model, options.adapter, attention="sdpa").to(options.device, TYPES[options.weights])
    prepare = lambda rows: torch_model.tensors(*protocol.padded(rows))
    forward = lambda batch: model(*(tensor.to(options.device) for tensor in batch))
    if options.dump:
        results = []
        for row in protocol.read_ids(options.ids)[: protocol.DUMPED]:
            results += [on_host(tensor) for tensor in forward(prepare([row]))]
        protocol.dump(options.dump, results)
    protocol.run_encoder(options, about, prepare, lambda batch: on_host(forward(batch)[1]))


def decoder(options, about):
    read = torch_model.transformers.AutoModelForCausalLM.from_pretrained
    model = read(str(options.model), dtype=TYPES[options.weights]).eval().to(options.device)
    state = {}

    def forward(tokens):
        ids = torch.tensor([tokens], device=options.device)
        out = model(ids, past_key_values=state.get("past"), use_cache=True, logits_to_keep=1)
        state["past"] = out.past_key_values
        return on_host(out.logits[0, -1])

    def prefill(prompt):
        state.clear()
        return forward(prompt)

    if options.dump:
        prompts = protocol.read_ids(options.ids)[: protocol.DUMPED]
        protocol.dump(options.dump, [protocol.log_softmax(prefill(prompt)) for prompt in prompts])
    protocol.run_decoder(options, about, prefill, lambda token: forward([token]))


def main():
    options = protocol.arguments("PyTorch eager on an encoder or a decoder", device="cpu", weights="f32")
    torch.set_num_threads(options.threads)
    torch.set_num_interop_threads(1)
    isa = torch.backends.cpu.get_cpu_capability().lower() if options.device == "cpu" else options.device
    about = {"engine": "pytorch", "version": torch.__version__, "isa": isa}
    kind = json.loads((options.model / "config.json").read_text())["model_type"]
    with torch.inference_mode():
        (encoder if kind == "bert" else decoder)(options, about)


if __name__ == "__main__":
    main()
