"""Number formats: bf16 matrix products where the hardware has them, everything else fp32."""

import contextlib
from contextlib import AbstractContextManager

import torch


def matrix_precision(device: torch.device, precision: str) -> AbstractContextManager:
    """Within it, matrix products run in `precision`; sums, norms and the loss stay fp32."""
    if precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def has_fast_bf16(device: torch.device) -> bool:
    """Whether bf16 products beat fp32 ones here: CUDA from Ampere on, CPUs with AVX512-BF16."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type == "cpu":
        capability = torch.backends.cpu.get_cpu_capability()
        return capability.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()
    return False
