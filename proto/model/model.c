/* A model in the clear: what it owns. */
#include "proto/model/model.h"

#include <stdlib.h>
#include <string.h>

void sonic_model_free(sonic_model *model)
{
    if (!model)
        return;
    for (uint32_t i = 0; model->constants && i < model->graph.nodes; i++) {
        sonic_constants *c = &model->constants[i];
        free(c->w);
        free(c->b);
        free(c->wq);
        free(c->bq);
    }
    free(model->constants);
    sonic_graph_free(&model->graph);
    memset(model, 0, sizeof *model);
}
