" Vim syntax file for sedge; made by `sedge generate vim`
if exists("b:current_syntax")
  finish
endif

syn match sedgeNumber "\v<%(0[xX][0-9A-Fa-f_]+|[0-9][0-9_]*%(\.[0-9_]*)?%([eE][-+]?[0-9]+)?)"
syn match sedgeForm "\v[=:(,]\s*\zs<%(dense|random|structured|clashfree|window|edges|float32|fixed|nearest|truncate|stochastic|idx|npz|csv|libsvm|morse|digits|split|cross_entropy|quadratic|sgd|rmsprop|adam|step|cosine|glorot_normal|glorot_uniform|he_normal|zeros|uniform|sequential|pipelined)>"
syn match sedgeFunction "\v<%(min|max|abs|floor|ceil|round|log2|sqrt|exp|gcd|lcm)>\ze\s*\("
syn match sedgeField "\v<%(clock|multipliers|block_ram|ports|number|rounding|z|stages|resources|data|split|loss|optimizer|init|order|batch|epochs|shuffle|seed|density|fanout|fanin|banks|type|dither|size|stride|file|width|integer|dir|label|train|test|leading_spaces|noise|dilation|validation|rate|momentum|nesterov|l2|decay|epsilon|beta1|beta2|from|factor|every|floor|to|a|b)>\ze\s*\=[^=]"
syn match sedgeActivation "\v:\s*\zs<%(sigmoid|tanh|relu|identity|softmax)>"
syn match sedgeConstant "\v<%(true|false|none|unlimited|auto)>"
syn match sedgeItem "\v^\s*<%(import|let|param|activation|pattern|network|hardware|train)>"
syn match sedgeStatement "\v(^|[{;]|\])\s*\zs<%(input|layer|output|junction|pad)>"
syn match sedgeUnit "\v%([0-9.]\s*)@<=<%(Hz|kHz|MHz|GHz|s|ms|us|ns|bit|kbit|Mbit|B|kB|MB|KiB|MiB)>"
syn match sedgeOperator "[-+*/%^<>!?]\|->\|&&\|||\|[=!<>]="
syn match sedgeEscape contained "\\\%([\"\\nt]\|x\x\x\)"
syn region sedgeString start=+"+ skip=+\\.+ end=+"\|$+ contains=sedgeEscape
syn match sedgeComment "//.*$" contains=sedgeTodo,@Spell
syn region sedgeComment start="/\*" end="\*/" contains=sedgeTodo,@Spell
syn keyword sedgeTodo contained TODO FIXME NOTE

hi def link sedgeItem Structure
hi def link sedgeStatement Statement
hi def link sedgeForm Type
hi def link sedgeField Identifier
hi def link sedgeActivation Function
hi def link sedgeFunction Function
hi def link sedgeUnit Special
hi def link sedgeConstant Constant
hi def link sedgeNumber Number
hi def link sedgeOperator Operator
hi def link sedgeString String
hi def link sedgeEscape SpecialChar
hi def link sedgeComment Comment
hi def link sedgeTodo Todo

syn sync fromstart
let b:current_syntax = "sedge"
