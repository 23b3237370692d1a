/* Compiles only if the installed header spells the same errors and operations as the protocol. */
#include "client/sidetok.h"

#define X(code, value, wire_name, family) _Static_assert((int)SIDETOK_##code == value, wire_name);
#include "proto/error.def"

#define X(name, value, wire_name) OP_##name = value,
enum {
#include "proto/op.def"
};
#define SAME(name) _Static_assert((int)SIDETOK_OP_##name == (int)OP_##name, #name)
SAME(CHAT);
SAME(APPLY);
SAME(FIM);
SAME(ENCODE);
SAME(DECODE);
SAME(PIECE);
SAME(BYTE_PIECE);
SAME(IS_SPECIAL);
SAME(SPECIAL_ID);
SAME(INFO);
SAME(LOAD);
SAME(TRANSCRIPTION);
SAME(SPEECH);
SAME(PING);

int main(void)
{
    return 0;
}
