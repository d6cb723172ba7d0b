/* The training step and the sampler of rnnlib.char.fast as plain loops: what a compiler
   makes of them is the limit that NumPy is measured against. All matrices are row by
   row; A is W_xh transposed, (V, d). */
#include <math.h>
#include <string.h>

static double dot(const double *a, const double *b, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_to(double *y, double a, const double *x, int n)
{
    for (int i = 0; i < n; i++)
        y[i] += a * x[i];
}

static void update(double *v, double *g, double *r, long n, double rate, double clip)
{
    for (long i = 0; i < n; i++) {
        double c = g[i] > clip ? clip : g[i] < -clip ? -clip : g[i];
        r[i] += c * c;
        v[i] -= rate * c / sqrt(r[i]);
    }
    memset(g, 0, n * sizeof(double));
}

/* v, g, r: A, W_hh, b_h, W_hy, b_y one after the other, their gradient (zeros) and the
   memory of Adagrad; h: (T + 1, d) with the first state; z: (T, V); work: 2 d. */
double step(int T, int d, int V, const long *x, const long *y, double *v, double *g,
            double *r, double *h, double *z, double *work, double rate, double clip)
{
    long a = (long)V * d, b = a + (long)d * d, c = b + d, e = c + (long)V * d;
    double loss = 0, *next = work, *now = work + d;
    for (int t = 0; t < T; t++) {
        double *before = h + (long)t * d, *state = before + d, *p = z + (long)t * V;
        double total = 0, largest = -INFINITY;
        for (int i = 0; i < d; i++)
            state[i] = v[x[t] * d + i] + v[b + i] + dot(v + a + (long)i * d, before, d);
        for (int i = 0; i < d; i++)
            state[i] = tanh(state[i]);
        for (int k = 0; k < V; k++) {
            p[k] = v[e + k] + dot(v + c + (long)k * d, state, d);
            largest = p[k] > largest ? p[k] : largest;
        }
        for (int k = 0; k < V; k++)
            total += p[k] = exp(p[k] - largest);
        for (int k = 0; k < V; k++)
            p[k] /= total;
        loss -= log(p[y[t]]);
        p[y[t]] -= 1;
    }
    memset(next, 0, d * sizeof(double));
    for (int t = T - 1; t >= 0; t--) {
        double *before = h + (long)t * d, *state = before + d, *delta = z + (long)t * V;
        for (int k = 0; k < V; k++) {
            add_to(next, delta[k], v + c + (long)k * d, d);
            add_to(g + c + (long)k * d, delta[k], state, d);
            g[e + k] += delta[k];
        }
        for (int i = 0; i < d; i++)
            now[i] = next[i] * (1 - state[i] * state[i]);
        memset(next, 0, d * sizeof(double));
        add_to(g + x[t] * d, 1, now, d);
        add_to(g + b, 1, now, d);
        for (int i = 0; i < d; i++) {
            add_to(g + a + (long)i * d, now[i], before, d);
            add_to(next, now[i], v + a + (long)i * d, d);
        }
    }
    memcpy(h, h + (long)T * d, d * sizeof(double));
    update(v, g, r, e + V, rate, clip);
    return loss;
}

/* n symbols; u: n uniform numbers; h: the state; work: d + V. */
void sample(int n, int d, int V, long k, const double *v, const double *u, double *h,
            double *work, long *drawn)
{
    long a = (long)V * d, b = a + (long)d * d, c = b + d, e = c + (long)V * d;
    double *s = work, *sums = work + d;
    for (int t = 0; t < n; t++) {
        double total = 0;
        for (int i = 0; i < d; i++)
            s[i] = v[k * d + i] + v[b + i] + dot(v + a + (long)i * d, h, d);
        for (int i = 0; i < d; i++)
            h[i] = tanh(s[i]);
        for (int j = 0; j < V; j++)
            sums[j] = v[e + j] + dot(v + c + (long)j * d, h, d);
        for (int j = 0; j < V; j++)
            sums[j] = exp(sums[j]);
        for (int j = 0; j < V; j++)
            sums[j] = total += sums[j];
        for (k = 0; k < V - 1 && sums[k] <= u[t] * total; k++)
            ;
        drawn[t] = k;
    }
}
