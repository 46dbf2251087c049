#!/usr/bin/env bash
# A virtual environment with the peers that Rightsize is timed against, at the versions of requirements.txt.
#
#   benches/peers/venv.sh DIR
#
# Python 3.11 or newer, a C and a C++ compiler, the package registry; about 6 GB, most of it the CUDA libraries that torch
# asks for on PyPI and that nothing here calls, and ten minutes on two cores, most of them for compiling llama.cpp.
#
# llama.cpp chooses its instructions when it is compiled, so there are two of it: DIR's own for the machine at hand, and
# DIR/llama-avx2 for AVX2. Where it does not compile, the environment is still good: its rows are left out of the tables.
set -euo pipefail
dir=${1:?usage: venv.sh DIR}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
llama=llama-cpp-python==0.3.36

python3 -m venv "$dir"
dir=$(cd "$dir" && pwd)
pip() { "$dir/bin/python" -m pip --quiet --disable-pip-version-check "$@"; }
pip install --requirement "$here/requirements.txt"

# build_llama CMAKE_ARGUMENTS PIP_ARGUMENTS...: without the pictures' part, which nothing here uses.
build_llama() {
    local arguments=$1
    shift
    PATH="$dir/bin:$PATH" CMAKE_ARGS="-DLLAVA_BUILD=OFF $arguments" \
        pip install --no-deps --no-build-isolation --no-binary llama-cpp-python --no-cache-dir "$@" "$llama"
}
if build_llama "-DGGML_NATIVE=ON"; then
    rm -rf "$dir/llama-avx2"
    build_llama "-DGGML_NATIVE=OFF -DGGML_AVX=ON -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_BMI2=ON" \
        --target "$dir/llama-avx2"
else
    echo "llama.cpp could not be built here; it will be missing in the tables" >&2
fi

# See avx2_only.c: how ONNX Runtime is kept to AVX2.
cc -O2 -shared -fPIC -o "$dir/avx2_only.so" "$here/avx2_only.c" ||
    echo "no C compiler, or not Linux on x86-64: ONNX Runtime cannot be timed on AVX2" >&2
if ! grep -q -w -m 1 cpuid_fault /proc/cpuinfo; then
    "$dir/bin/python" "$here/patch_cpuid.py" onnxruntime "$dir/onnxruntime-avx2"
fi
"$dir/bin/python" -m pip --disable-pip-version-check list >"$dir/versions.txt"
