"""Functions that do not yet answer every wrong argument clearly.

Their answers are tried, and are an expected failure as long as one is unclear: an
overflow that NumPy warns of, or an error of Python or NumPy that names no argument.
Right arguments of any layout are held to the same demands as everywhere.
"""

OPEN = {
    "convert.from_torch",  # a message may have our name of an array, W_xh
    "derivatives.complex_step",  # directions that are not finite
    "gradcheck.check_gradients",
    "pointprocess.compensator",  # a and tau that do not broadcast
    "pointprocess.compensator_gradients",
    "pointprocess.inverse_compensator",
    "pointprocess.log_intensity",
    "pointprocess.observed_information",
    "pointprocess.to_vector",
    "sliders.figure",  # labels and ranges of other types
    "spectral.diagonal_scaling",  # entries near the end of the range of floats
    "spectral.entrywise_bound",
    "spectral.joint_bound",
    "spectral.joint_spectral_radius",
    "spectral.linear_bound",
    "spectral.lower_bound",
    "spectral.lyapunov_exponents",  # inputs that are no sequence
    "spectral.norm_bound",
    "spectral.numerical_abscissa",
    "spectral.numerical_bound",
    "spectral.numerical_radius",
    "spectral.scaling_bound",
}
