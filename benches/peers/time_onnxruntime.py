"""ONNX Runtime on the CPU, by the protocol of protocol.py: an encoder with a label head.

Usage:  python time_onnxruntime.py --model FILE.onnx --ids FILE --mode single|batch [--help]

FILE.onnx is one of those that export_onnx.py writes. Graph optimisation is at its highest level, operators run one after
the other, each on --threads threads, which spin while they wait, as is ONNX Runtime's default.

ONNX Runtime has no switch for instruction sets: no environment variable (its library reads none that names one but
ORT_QMOE_CPU_DISABLE_AVX512, which is for one operator of mixtures of experts) and no session option. Under avx2_only.so
it sees a processor that has none newer than AVX2.

onnxruntime as in requirements.txt.
"""

import numpy
import onnxruntime

import protocol


def main():
    options = protocol.arguments("ONNX Runtime on an encoder")
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    settings.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    settings.intra_op_num_threads = options.threads
    settings.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(options.model), settings, providers=["CPUExecutionProvider"])

    def prepare(rows):
        ids, mask = protocol.padded(rows)
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}

    if options.dump:
        results = []
        for row in protocol.read_ids(options.ids)[: protocol.DUMPED]:
            results += session.run(["states", "scores"], prepare([row]))
        protocol.dump(options.dump, results)
    about = {
        "engine": f"onnxruntime {options.model.stem}",
        "version": onnxruntime.__version__,
        "isa": protocol.instructions(),
    }
    protocol.run_encoder(options, about, prepare, lambda feed: session.run(["scores"], feed))


if __name__ == "__main__":
    main()
