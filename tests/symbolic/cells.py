"""Recurrent cells of the literature, each in at most ten lines.

The names are those of the book: x is the input, h what the layer puts out. A second
definition under the same name is told apart in the comment.
"""

from typing import NamedTuple

INPUT_AND_STATE = {"x": "d_x", "h": "d_h"}


class Cell(NamedTuple):
    """The text of a cell, and what `derive` is told besides."""

    text: str
    sizes: dict = INPUT_AND_STATE
    options: dict = {}


CELLS = {
    # Elman 1990
    "elman": Cell("h_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)"),
    # Jordan 1986: the output is fed back
    "jordan": Cell(
        r"""
        h_t = tanh(W_xh x_t + W_yh y_{t-1} + b_h)
        y_t = \psi(W_hy h_t + b_y)
        """,
        {"x": "d_x", "h": "d_h", "y": "K"},
        {"output": "y"},
    ),
    # Li and others 2018: a diagonal recurrence
    "indrnn": Cell("h_t = relu(W_xh x_t + u * h_{t-1} + b_h)"),
    # Hochreiter and Schmidhuber 1997 with the forget gate of Gers and others 2000
    "lstm": Cell(
        """
        i_t = sigma(W_xi x_t + W_hi h_{t-1} + b_i)
        f_t = sigma(W_xf x_t + W_hf h_{t-1} + b_f)
        n_t = tanh(W_xn x_t + W_hn h_{t-1} + b_n)
        o_t = sigma(W_xo x_t + W_ho h_{t-1} + b_o)
        c_t = f_t * c_{t-1} + i_t * n_t
        h_t = o_t * tanh(c_t)
        """
    ),
    # Gers and others 2002: the output gate reads the new c_t
    "peephole": Cell(
        """
        i_t = sigma(W_xi x_t + W_hi h_{t-1} + w_i * c_{t-1} + b_i)
        f_t = sigma(W_xf x_t + W_hf h_{t-1} + w_f * c_{t-1} + b_f)
        c_t = f_t * c_{t-1} + i_t * tanh(W_xn x_t + W_hn h_{t-1} + b_n)
        o_t = sigma(W_xo x_t + W_ho h_{t-1} + w_o * c_t + b_o)
        h_t = o_t * tanh(c_t)
        """
    ),
    # Greff and others 2017: coupled input and forget gates
    "cifg": Cell(
        r"""
        f_t &= \sigma(W_{xf} x_t + W_{hf} h_{t-1} + b_f) \\
        n_t &= \tanh(W_{xn} x_t + W_{hn} h_{t-1} + b_n) \\
        o_t &= \sigma(W_{xo} x_t + W_{ho} h_{t-1} + b_o) \\
        c_t &= f_t \odot c_{t-1} + (1 - f_t) \odot n_t \\
        h_t &= o_t \odot \tanh(c_t)
        """
    ),
    # van der Westhuizen and Lasenby 2018
    "janet": Cell(
        """
        s_t = W_xf x_t + W_hf h_{t-1} + b_f
        n_t = tanh(W_xn x_t + W_hn h_{t-1} + b_n)
        h_t = sigma(s_t) * h_{t-1} + (1 - sigma(s_t - beta)) * n_t
        """
    ),
    # Cho and others 2014, third version: the reset gate before the product
    "gru_before": Cell(
        """
        r_t = sigma(W_xr x_t + W_hr h_{t-1} + b_r)
        u_t = sigma(W_xu x_t + W_hu h_{t-1} + b_u)
        n_t = tanh(W_xn x_t + W_hn (r_t * h_{t-1}) + b_n)
        h_t = u_t * h_{t-1} + (1 - u_t) * n_t
        """
    ),
    # Cho and others 2014, first version, and cuDNN: after the product
    "gru_after": Cell(
        """
        r_t = sigma(W_xr x_t + W_hr h_{t-1} + b_r)
        u_t = sigma(W_xu x_t + W_hu h_{t-1} + b_u)
        n_t = tanh(W_xn x_t + b_n + r_t * (W_hn h_{t-1} + b_m))
        h_t = u_t * h_{t-1} + (1 - u_t) * n_t
        """
    ),
    # Zhou and others 2016
    "mgu": Cell(
        """
        f[t] = sigma(W_xf @ x[t] + W_hf @ h[t-1] + b_f)
        n[t] = tanh(W_xn @ x[t] + W_hn @ (f[t] * h[t-1]) + b_n)
        h[t] = (1 - f[t]) * h[t-1] + f[t] * n[t]
        """
    ),
    # Jozefowicz and others 2015; x has to be as large as h
    "mut1": Cell(
        """
        z_t = sigma(W_xz x_t + b_z)
        r_t = sigma(W_xr x_t + W_hr h_{t-1} + b_r)
        n_t = tanh(W_hn (r_t * h_{t-1}) + tanh(x_t) + b_n)
        h_t = n_t * z_t + h_{t-1} * (1 - z_t)
        """,
        {"x": "d_h"},
    ),
    # Ravanelli and others 2018, without batch normalisation
    "ligru": Cell(
        """
        z_t = sigma(W_xz x_t + W_hz h_{t-1} + b_z)
        n_t = relu(W_xn x_t + W_hn h_{t-1} + b_n)
        h_t = z_t * h_{t-1} + (1 - z_t) * n_t
        """
    ),
    # Feng and others 2024: linear in the state
    "mingru": Cell(
        """
        z_t = sigma(W_xz x_t + b_z)
        n_t = W_xn x_t + b_n
        h_t = (1 - z_t) * h_{t-1} + z_t * n_t
        """
    ),
    # Feng and others 2024: gates that sum to one
    "minlstm": Cell(
        """
        f_t = sigma(W_xf x_t + b_f)
        i_t = sigma(W_xi x_t + b_i)
        h_t = f_t / (f_t + i_t) * h_{t-1} + i_t / (f_t + i_t) * (W_xn x_t + b_n)
        """
    ),
    # Lei and others 2018, with a skip connection; h is not read again
    "sru": Cell(
        """
        f_t = sigma(W_xf x_t + v_f * c_{t-1} + b_f)
        c_t = f_t * c_{t-1} + (1 - f_t) * (W_xc x_t)
        r_t = sigma(W_xr x_t + v_r * c_{t-1} + b_r)
        h_t = r_t * c_t + (1 - r_t) * x_t
        """,
        {"x": "d_h"},
    ),
    # Bradbury and others 2017, a filter of width two over the inputs
    "qrnn": Cell(
        """
        n_t = tanh(W_n x_t + V_n x_{t-1})
        f_t = sigma(W_f x_t + V_f x_{t-1})
        o_t = sigma(W_o x_t + V_o x_{t-1})
        c_t = f_t * c_{t-1} + (1 - f_t) * n_t
        h_t = o_t * c_t
        """
    ),
    # Balduzzi and Ghifary 2016: gates from the input alone
    "trnn": Cell(
        """
        f_t = sigma(V_f x_t + b_f)
        h_t = f_t * h_{t-1} + (1 - f_t) * (W_x x_t)
        """
    ),
    # Lee and others 2017: no function inside the recurrence
    "ran": Cell(
        """
        i_t = sigma(W_xi x_t + W_hi h_{t-1} + b_i)
        f_t = sigma(W_xf x_t + W_hf h_{t-1} + b_f)
        c_t = i_t * (W_xc x_t + b_c) + f_t * c_{t-1}
        h_t = tanh(c_t)
        """
    ),
    # Zhang and others 2018: twin gates from a sum and a difference
    "atr": Cell(
        """
        p_t = W_xh x_t
        q_t = W_hh h_{t-1}
        i_t = sigma(p_t + q_t)
        f_t = sigma(p_t - q_t)
        h_t = i_t * p_t + f_t * h_{t-1}
        """
    ),
    # Collins and others 2017
    "ugrnn": Cell(
        """
        n_t = tanh(W_xn x_t + W_hn h_{t-1} + b_n)
        u_t = sigma(W_xu x_t + W_hu h_{t-1} + b_u)
        h_t = u_t * h_{t-1} + (1 - u_t) * n_t
        """
    ),
    # Kusupati and others 2018: two scalar parameters
    "fastrnn": Cell(
        r"""
        n_t = tanh(W_xh x_t + W_hh h_{t-1} + b_h)
        h_t = \sigma(\alpha) n_t + \sigma(\beta) h_{t-1}
        """,
        {"x": "d_x", "h": "d_h", "alpha": 1, "beta": 1},
    ),
    # Kusupati and others 2018: the same matrices twice
    "fastgrnn": Cell(
        """
        z_t = sigma(W x_t + U h_{t-1} + b_z)
        n_t = tanh(W x_t + U h_{t-1} + b_h)
        h_t = (sigma(zeta) (1 - z_t) + sigma(nu)) * n_t + z_t * h_{t-1}
        """,
        {"x": "d_x", "h": "d_h", "zeta": 1, "nu": 1},
    ),
    # Chen 2017
    "minimalrnn": Cell(
        """
        z_t = tanh(W_xz x_t + b_z)
        u_t = sigma(U_h h_{t-1} + U_z z_t + b_u)
        h_t = u_t * h_{t-1} + (1 - u_t) * z_t
        """
    ),
    # Turkoglu and others 2019
    "star": Cell(
        """
        z_t = tanh(W_z x_t + b_z)
        k_t = sigma(W_x x_t + W_h h_{t-1} + b_k)
        h_t = tanh((1 - k_t) * h_{t-1} + k_t * z_t)
        """
    ),
    # Vecoven and others 2021: two stable points a unit
    "brc": Cell(
        """
        a_t = 1 + tanh(W_a x_t + w_a * h_{t-1})
        c_t = sigma(W_c x_t + w_c * h_{t-1})
        h_t = c_t * h_{t-1} + (1 - c_t) * tanh(W_x x_t + a_t * h_{t-1})
        """
    ),
    # Laurent and von Brecht 2017: chaos free
    "cfn": Cell(
        r"""
        \theta_t = \sigma(W_{x\theta} x_t + W_{h\theta} h_{t-1} + b_\theta)
        \eta_t = \sigma(W_{x\eta} x_t + W_{h\eta} h_{t-1} + b_\eta)
        h_t = \theta_t \odot \tanh(h_{t-1}) + \eta_t \odot \tanh(W x_t)
        """
    ),
    # Mikolov and others 2014: a context that changes slowly, the rate is fixed
    "scrn": Cell(
        """
        c_t = 0.05 (B x_t) + 0.95 c_{t-1}
        h_t = sigma(P c_t + A x_t + R h_{t-1})
        """,
        {"x": "d_x", "h": "d_h", "c": "d_c"},
    ),
    # Zilly and others 2017: depth two inside a step, x in the first only
    "rhn": Cell(
        """
        n1_t = tanh(W_n x_t + R_n1 h_{t-1} + b_n1)
        u1_t = sigma(W_u x_t + R_u1 h_{t-1} + b_u1)
        s1_t = n1_t * u1_t + h_{t-1} * (1 - u1_t)
        n2_t = tanh(R_n2 s1_t + b_n2)
        u2_t = sigma(R_u2 s1_t + b_u2)
        h_t = n2_t * u2_t + s1_t * (1 - u2_t)
        """
    ),
    # Krause and others 2016, after Sutskever and others 2011
    "mlstm_multiplicative": Cell(
        """
        m_t = (W_xm x_t) * (W_hm h_{t-1})
        i_t = sigma(W_xi x_t + W_mi m_t + b_i)
        f_t = sigma(W_xf x_t + W_mf m_t + b_f)
        o_t = sigma(W_xo x_t + W_mo m_t + b_o)
        c_t = f_t * c_{t-1} + i_t * (W_xn x_t + W_mn m_t + b_n)
        h_t = tanh(c_t * o_t)
        """,
        {"x": "d_x", "h": "d_h", "m": "d_m"},
    ),
    # Wu and others 2016: multiplicative integration
    "mirnn": Cell(
        """
        p_t = W_xh x_t
        q_t = W_hh h_{t-1}
        h_t = tanh(alpha * p_t * q_t + beta_1 * q_t + beta_2 * p_t + b_h)
        """
    ),
    # Chang and others 2019: V and its transpose
    "antisymmetric": Cell(
        "h_t = h_{t-1} + 0.1 tanh(W x_t + (V - V^T - 0.01 I) h_{t-1} + b)"
    ),
    # Rusch and Mishra 2021: an oscillator, two states
    "cornn": Cell(
        """
        z_t = z_{t-1} + 0.1 (tanh(W h_{t-1} + V z_{t-1} + U x_t + b) - 1.5 h_{t-1} \
        - 0.8 z_{t-1})
        h_t = h_{t-1} + 0.1 z_t
        """.replace("\\\n", "")
    ),
    # Landi and others 2021: the gates read the cell through a matrix
    "wmlstm": Cell(
        """
        i_t = sigma(W_xi x_t + W_hi h_{t-1} + tanh(W_ci c_{t-1}) + b_i)
        f_t = sigma(W_xf x_t + W_hf h_{t-1} + tanh(W_cf c_{t-1}) + b_f)
        c_t = f_t * c_{t-1} + i_t * tanh(W_xn x_t + W_hn h_{t-1} + b_n)
        o_t = sigma(W_xo x_t + W_ho h_{t-1} + tanh(W_co c_t) + b_o)
        h_t = o_t * tanh(c_t)
        """
    ),
    # Beck and others 2024: exponential gates, stabilised
    "slstm": Cell(
        """
        i_t = W_xi x_t + W_hi h_{t-1} + b_i
        f_t = -softplus(-W_xf x_t - W_hf h_{t-1} - b_f)
        m_t = max(f_t + m_{t-1}, i_t)
        q_t = exp(i_t - m_t)
        r_t = exp(f_t + m_{t-1} - m_t)
        c_t = r_t * c_{t-1} + q_t * tanh(W_xn x_t + W_hn h_{t-1} + b_n)
        n_t = r_t * n_{t-1} + q_t
        h_t = sigma(W_xo x_t + W_ho h_{t-1} + b_o) * c_t / n_t
        """
    ),
    # Beck and others 2024: a matrix as the state, scalar gates
    "mlstm_matrix": Cell(
        """
        k_t = W_k x_t
        q_t = W_q x_t
        v_t = W_v x_t
        f_t = sigma(w_f^T x_t + b_f)
        i_t = exp(w_i^T x_t + b_i)
        C_t = f_t C_{t-1} + i_t v_t k_t^T
        n_t = f_t n_{t-1} + i_t k_t
        h_t = (C_t q_t) / max(n_t^T q_t, 1)
        """,
        {"x": "d_x", "h": "d_h", "k": "d_k", "b_f": 1, "b_i": 1},
    ),
    # Orvieto and others 2023, with real eigenvalues; Lambda is exp(-exp(nu))
    "lru_real": Cell(
        r"""
        \lambda = \exp(-\exp(\nu))
        h_t = \lambda \odot h_{t-1} + \sqrt{1 - \lambda^2} \odot (B x_t)
        y_t = C h_t + D x_t
        """,
        {"x": "d_x", "h": "d_h", "y": "d_y"},
        {"output": "y"},
    ),
    # Jaeger 2001: only the readout is trained
    "echo_state": Cell(
        """
        h_t = 0.7 h_{t-1} + 0.3 tanh(W_in x_t + W h_{t-1})
        y_t = W_out h_t + b_out
        """,
        {"x": "d_x", "h": "d_h", "y": "d_y"},
        {"output": "y", "frozen": ("W_in", "W")},
    ),
    # Lin and others 1996: delays of the input and of the output
    "narx": Cell(
        r"""
        y_t = \phi(W_1 x_t + W_2 x_{t-2} + V_1 y_{t-1} + V_2 y_{t-2} + b)
        """,
        {"x": "d_x", "y": "d_y"},
    ),
    # Zhang and others 2016: a skip of three steps
    "skip": Cell("h_t = tanh(W x_t + U h_{t-1} + V h_{t-3} + b)"),
    # Ba and others 2016: layer normalisation of the pre-activation
    "layer_norm": Cell(
        """
        a_t = W_xh x_t + W_hh h_{t-1}
        e_t = a_t - mean(a_t)
        v_t = mean(e_t^2)
        h_t = tanh(gain * e_t / sqrt(v_t + 0.00001) + b_h)
        """
    ),
    # a network in continuous time, one explicit step
    "leaky": Cell("h_t = h_{t-1} + 0.2 (phi(W x_t + U h_{t-1} + b) - h_{t-1})"),
    # concatenated weights, two halves of one product
    "concatenated": Cell(
        """
        s_t = W [h_{t-1}; x_t] + b
        f_t = sigma(s_t[0:d_h])
        n_t = tanh(s_t[d_h:2 d_h])
        h_t = f_t * h_{t-1} + (1 - f_t) * n_t
        """,
        {"x": "d_x", "h": "d_h", "s": "2 d_h"},
    ),
    # the network of the book with its loss
    "vanilla": Cell(
        """
        s_t = W_xh x_t + W_hh h_{t-1} + b_h
        h_t = phi(s_t)
        z_t = W_hy h_t + b_y
        p_t = softmax(z_t)
        ell_t = cross_entropy(y_t, p_t)
        """,
        {"x": "d_x", "h": "d_h", "y": "K"},
        {"distributions": ("y",)},
    ),
    # attention over the units of the state, and a state of norm one
    "softmax_state": Cell(
        """
        p_t = softmax(W_p h_{t-1} + b_p)
        n_t = W_x x_t + p_t * h_{t-1}
        h_t = n_t / norm(n_t)
        z_t = C h_t
        ell_t = 1/2 sum((z_t - y_t)^2)
        """.replace("1/2 sum", "0.5 sum"),
        {"x": "d_x", "h": "d_h", "y": "K"},
    ),
}
