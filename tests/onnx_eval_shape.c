/* The evaluator's operators that move elements and compute shapes. */
#include "tests/onnx_eval.h"

#include <string.h>

#include <criterion/criterion.h>

void eval_reshape(eval_machine *m)
{
    const eval_value *x = eval_in(m, 0);
    long dim[EVAL_RANK], known = 1;
    size_t rank = eval_list(m, 1, "shape", dim);
    for (size_t d = 0; d < rank; d++) {
        dim[d] = dim[d] == 0 ? x->dim[d] : dim[d];
        known *= dim[d] < 0 ? 1 : dim[d];
    }
    for (size_t d = 0; d < rank; d++)
        dim[d] = dim[d] < 0 ? (long)x->n / known : dim[d];
    eval_arrange(m, rank, dim);
}

void eval_squeeze(eval_machine *m, bool squeeze)
{
    const eval_value *x = eval_in(m, 0);
    long dim[EVAL_RANK], unused[EVAL_RANK];
    size_t added = squeeze ? 0 : eval_list(m, 1, "axes", unused), rank = x->rank + added, from = 0,
           n = 0;
    unsigned axes = eval_axis_set(m, 1, rank);
    for (size_t d = 0; d < rank; d++) {
        bool named = axes >> d & 1;
        if (!named)
            dim[n++] = x->dim[squeeze ? d : from++];
        else if (!squeeze)
            dim[n++] = 1;
    }
    eval_arrange(m, n, dim);
}

void eval_transpose(eval_machine *m)
{
    const eval_value *x = eval_in(m, 0);
    long dim[EVAL_RANK], at[EVAL_RANK], from[EVAL_RANK];
    for (size_t d = 0; d < x->rank; d++)
        dim[d] = x->dim[eval_element(m, "perm", d, (long)(x->rank - 1 - d))];
    eval_value *y = eval_out(m, x->rank, dim);
    x = eval_in(m, 0);
    for (size_t i = 0; i < y->n; i++) {
        eval_unravel(y, i, at);
        for (size_t d = 0; d < x->rank; d++)
            from[eval_element(m, "perm", d, (long)(x->rank - 1 - d))] = at[d];
        y->v[i] = eval_pick(x, x->rank, from);
    }
}

void eval_concat(eval_machine *m)
{
    const eval_value *first = eval_in(m, 0);
    long axis = eval_integer(m, "axis", 0), dim[EVAL_RANK], at[EVAL_RANK], base = 0;
    axis += axis < 0 ? (long)first->rank : 0;
    memcpy(dim, first->dim, sizeof dim);
    dim[axis] = 0;
    for (size_t k = 0; k < m->node->n_input; k++)
        dim[axis] += eval_in(m, k)->dim[axis];
    eval_value *y = eval_out(m, first->rank, dim);
    for (size_t k = 0; k < m->node->n_input; k++) {
        const eval_value *x = eval_in(m, k);
        for (size_t i = 0; i < y->n; i++) {
            eval_unravel(y, i, at);
            at[axis] -= base;
            if (at[axis] >= 0 && at[axis] < x->dim[axis])
                y->v[i] = eval_pick(x, x->rank, at);
        }
        base += x->dim[axis];
    }
}

void eval_pad(eval_machine *m)
{
    const eval_value *x = eval_in(m, 0);
    long pads[2 * EVAL_RANK] = {0}, given[2 * EVAL_RANK], axes[EVAL_RANK], dim[EVAL_RANK],
                  at[EVAL_RANK];
    size_t n = eval_list(m, 1, "pads", given) / 2, some = eval_list(m, 3, "axes", axes);
    for (size_t k = 0; k < n; k++) {
        size_t d = some ? (size_t)(axes[k] < 0 ? axes[k] + (long)x->rank : axes[k]) : k;
        pads[d] = given[k];
        pads[EVAL_RANK + d] = given[n + k];
    }
    for (size_t d = 0; d < x->rank; d++)
        dim[d] = x->dim[d] + pads[d] + pads[EVAL_RANK + d];
    eval_value *y = eval_out(m, x->rank, dim);
    for (size_t i = 0; i < y->n; i++) {
        bool inside = true;
        eval_unravel(y, i, at);
        for (size_t d = 0; d < x->rank; d++) {
            at[d] -= pads[d];
            inside = inside && at[d] >= 0 && at[d] < x->dim[d];
        }
        y->v[i] = inside ? eval_pick(x, x->rank, at) : 0;
    }
}

void eval_shape(eval_machine *m)
{
    const eval_value *x = eval_in(m, 0);
    long start = eval_integer(m, "start", 0), end = eval_integer(m, "end", (long)x->rank);
    eval_value *y = eval_out(m, 1, (const long[]){end - start});
    for (long d = start; d < end; d++)
        y->v[d - start] = (double)eval_in(m, 0)->dim[d];
}

void eval_gather(eval_machine *m)
{
    const eval_value *x = eval_in(m, 0), *at = eval_in(m, 1);
    cr_assert_eq(x->rank, 1);
    eval_value *y = eval_out(m, at->rank, at->dim);
    for (size_t i = 0; i < y->n; i++)
        y->v[i] = eval_in(m, 0)->v[(size_t)eval_in(m, 1)->v[i]];
}

void eval_slice(eval_machine *m)
{
    long start, end;
    cr_assert_eq(eval_in(m, 0)->rank, 1);
    eval_list(m, 1, "starts", &start);
    eval_list(m, 2, "ends", &end);
    long size = eval_in(m, 0)->dim[0];
    end = end < 0 ? end + size : end > size ? size : end;
    eval_value *y = eval_out(m, 1, (const long[]){end - start});
    memcpy(y->v, eval_in(m, 0)->v + start, y->n * sizeof *y->v);
}

void eval_flatten(eval_machine *m)
{
    long axis = eval_integer(m, "axis", 1), dim[2] = {1, 1};
    for (size_t d = 0; d < eval_in(m, 0)->rank; d++)
        dim[(long)d >= axis] *= eval_in(m, 0)->dim[d];
    eval_arrange(m, 2, dim);
}
