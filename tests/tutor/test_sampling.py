"""The statistics of drawn symbols: what is too far from its mean, on either side."""

import numpy as np
import pytest

from rnnbook.tutor.sampling_models import excess, plausible


@pytest.mark.parametrize("off", [-50.0, 50.0])
@pytest.mark.parametrize("which", [0, 1, 2])
def test_a_statistic_may_be_too_small_or_too_large(which, off):
    found = np.array([60.0, 60.0, 60.0])
    expected, variance = found.copy(), np.ones(3)
    assert plausible(np.array([found, expected, variance]))
    found[which] += off
    far = excess(np.array([found, expected, variance]))
    assert far[which] > 1 and np.count_nonzero(far) == 1
    assert not plausible(np.array([found, expected, variance]))
