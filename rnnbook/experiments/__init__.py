"""Experiments that train many networks; the chapters read their stored results."""
