"""An encoder with a label head as ONNX, in f32 and in int8, as a user of ONNX Runtime would make it.

Usage:  python export_onnx.py MODEL_DIR OUT [ADAPTER_DIR]

MODEL_DIR holds a BERT encoder in the Hugging Face layout (all-MiniLM-L6-v2). ADAPTER_DIR is a PEFT folder with a label
head, whose factors are merged. Without it random_adapters.py writes two into OUT, and the first is taken.

Writes OUT/model.onnx (exported by torch.onnx with its tracing exporter: what the newer one writes, ONNX Runtime 1.32's
optimizer does not recognise as attention), OUT/f32.onnx (fused by onnxruntime.transformers.optimizer), OUT/int8.onnx (the
same, dynamically quantised, weights in int8 with a scale per channel, which needs no reduced range where the processor has
VNNI) and OUT/export.json. Inputs are input_ids, attention_mask and token_type_ids, [batch, seq] of int64; outputs states
[batch, seq, d_model] and scores [batch, classes].

Ends with an error where the f32 graph differs from PyTorch by more than 1e-4 on three batches of other sizes than the
exported one, or where a layer was not fused.

torch, transformers, onnx, onnxruntime as in requirements.txt.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions

import protocol
import random_adapters
import torch_model

INPUTS = ["input_ids", "attention_mask", "token_type_ids"]


def samples(vocab):
    """Batches of sizes that the graph was not exported with, padded and not."""
    random = numpy.random.default_rng(7)
    for lengths in ([1 + 12], [5, 31, 17], [9] * 8):
        yield protocol.padded([random.integers(1000, vocab, length).tolist() for length in lengths])


def main(model_dir, out, adapter_dir=None):
    warnings.filterwarnings("ignore")
    torch.manual_seed(7)
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    if adapter_dir is None:
        random_adapters.write(model_dir, out)
        adapter_dir = out / "head"
    model = torch_model.read(model_dir, adapter_dir, attention="eager")
    config = model.encoder.config

    axes = {name: {0: "batch", 1: "seq"} for name in [*INPUTS, "states"]} | {"scores": {0: "batch"}}
    example = torch_model.tensors(*protocol.padded([[101, 2054, 2003, 102], [101, 102]]))
    names = {"input_names": INPUTS, "output_names": ["states", "scores"], "dynamic_axes": axes}
    with torch.no_grad():
        torch.onnx.export(model, example, str(out / "model.onnx"), dynamo=False, opset_version=17, **names)
    fused = optimizer.optimize_model(
        str(out / "model.onnx"),
        model_type="bert",
        num_heads=config.num_attention_heads,
        hidden_size=config.hidden_size,
        optimization_options=FusionOptions("bert"),
    )
    counts = {name: count for name, count in fused.get_fused_operator_statistics().items() if count}
    fused.save_model_to_file(str(out / "f32.onnx"))
    # Shapes are not inferred through fused operators, so the quantiser has to be told what stands between them.
    between = {"DefaultTensorType": onnx.TensorProto.FLOAT}
    paths = (str(out / "f32.onnx"), str(out / "int8.onnx"))
    quantize_dynamic(*paths, per_channel=True, weight_type=QuantType.QInt8, extra_options=between)

    blocks = config.num_hidden_layers
    if counts.get("Attention") != blocks or counts.get("SkipLayerNormalization") != 2 * blocks:
        raise SystemExit(f"the optimizer did not fuse every block: {counts}")
    differences = {}
    for name in ("model", "f32", "int8"):
        session = onnxruntime.InferenceSession(str(out / f"{name}.onnx"), providers=["CPUExecutionProvider"])
        worst = 0.0
        for ids, mask in samples(config.vocab_size):
            with torch.no_grad():
                expected = [tensor.numpy() for tensor in model(*torch_model.tensors(ids, mask))]
            found = session.run(["states", "scores"], dict(zip(INPUTS, (ids, mask, numpy.zeros_like(ids)))))
            # What stands at padding means nothing.
            worst = max(worst, abs((found[0] - expected[0]) * mask[:, :, None]).max(), abs(found[1] - expected[1]).max())
        differences[name] = float(worst)
    if max(differences["model"], differences["f32"]) > 1e-4:
        raise SystemExit(f"ONNX Runtime and PyTorch disagree: {differences}")
    about = {
        "onnxruntime": onnxruntime.__version__,
        "torch": torch.__version__,
        "fused": counts,
        "largest_difference_from_pytorch": differences,
    }
    (out / "export.json").write_text(json.dumps(about, indent=2) + "\n")
    print(json.dumps(about))


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        raise SystemExit(__doc__)
    main(*sys.argv[1:])
