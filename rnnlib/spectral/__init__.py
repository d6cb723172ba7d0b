"""How gradients grow and shrink: the Jacobians of a trajectory, and what bounds them.

J_t = dh_t/dh_{t-1} = Diag(phi'(s_t)) W_hh, and dh_T/dh_t = J_T J_{T-1} ... J_{t+1}.
Sizes of long products are natural logarithms, so they never overflow or underflow.
"""

from rnnlib.spectral import mean_field
from rnnlib.spectral.bounds import (
    Bound,
    entrywise_bound,
    joint_bound,
    linear_bound,
    lower_bound,
    norm_bound,
    numerical_bound,
    scaling_bound,
)
from rnnlib.spectral.jacobians import Jacobians, jacobians
from rnnlib.spectral.joint import (
    diagonal_scaling,
    diagonal_vertices,
    joint_spectral_radius,
)
from rnnlib.spectral.lyapunov import Lyapunov, lyapunov_exponents
from rnnlib.spectral.norms import log_gradient_norms, log_product_norms
from rnnlib.spectral.products import jacobian_product
from rnnlib.spectral.radii import (
    numerical_radius,
    smallest_singular_value,
    spectral_norm,
    spectral_radius,
)

__all__ = [
    "Bound",
    "Jacobians",
    "Lyapunov",
    "diagonal_scaling",
    "diagonal_vertices",
    "entrywise_bound",
    "jacobian_product",
    "jacobians",
    "joint_bound",
    "joint_spectral_radius",
    "linear_bound",
    "log_gradient_norms",
    "log_product_norms",
    "lower_bound",
    "lyapunov_exponents",
    "mean_field",
    "norm_bound",
    "numerical_bound",
    "numerical_radius",
    "scaling_bound",
    "smallest_singular_value",
    "spectral_norm",
    "spectral_radius",
]
