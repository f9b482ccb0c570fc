"""Pyomo expressions read into elementary operations, each sub-expression of a row once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.core.expr.numeric_expr as ne

from cge.errors import CGEError

ADD, MUL, DIV, POWER, POW, LOG, EXP, ABS = range(8)
_UNARY = {"log": (LOG, 1.0), "exp": (EXP, 1.0), "sqrt": (POWER, 0.5), "log10": (LOG, 1.0 / np.log(10.0))}
_SUMS = (ne.SumExpression, ne.LinearExpression, ne.NPV_SumExpression)
_PRODUCTS = (ne.ProductExpression, ne.MonomialTermExpression, ne.NPV_ProductExpression)
_RATIOS = (ne.DivisionExpression, ne.NPV_DivisionExpression)
_POWERS = (ne.PowExpression, ne.NPV_PowExpression)
_MINUS = (ne.NegationExpression, ne.NPV_NegationExpression)
_CALLS = (ne.UnaryFunctionExpression, ne.NPV_UnaryFunctionExpression)
_MODULUS = (ne.AbsExpression, ne.NPV_AbsExpression)


class Reader:
    """Reads Pyomo expressions into nodes: operation, constant, children with coefficients."""

    def __init__(self, leaves: list[Any]):
        self.leaves = leaves
        self.numbers: list[float] = []
        self.op: list[int] = []
        self.height: list[int] = []
        self.const: list[float] = []
        self.first: list[int] = []
        self.count: list[int] = []
        self.child: list[int] = []
        self.coef: list[float] = []
        self._leaf: dict[int, int] = {}
        self._number: dict[float, int] = {}
        self._seen: dict[int, int] = {}
        self._alive: list[Any] = []

    def row(self, expression: Any) -> int:
        """Node of a whole row: a sum, even where it has one term."""
        self._seen = {}  # inner nodes are shared within a row only
        self._alive = []
        const, terms = self._linear(expression)
        return self._sum(const, terms or [(0.0, self._constant(0.0))])

    def _new(self, op: int, kids: list[int], coefs: list[float], const: float) -> int:
        self.op.append(op)
        self.const.append(const)
        self.first.append(len(self.child))
        self.count.append(len(kids))
        self.child += kids
        self.coef += coefs
        self.height.append(1 + max((self.height[k] for k in kids if k >= 0), default=0))
        return len(self.op) - 1

    def _sum(self, const: float, terms: list[tuple[float, int]]) -> int:
        return self._new(ADD, [k for _, k in terms], [c for c, _ in terms], const)

    def _constant(self, value: float) -> int:
        if value not in self._number:
            self._number[value] = -(1 << 40) - len(self.numbers)
            self.numbers.append(value)
        return self._number[value]

    def _variable(self, e: Any) -> int:
        key = id(e)
        if key not in self._leaf:
            self.leaves.append(e)
            self._leaf[key] = -len(self.leaves)
        return self._leaf[key]

    def _linear(self, e: Any) -> tuple[float, list[tuple[float, int]]]:
        """The expression as a number plus coefficients times nodes."""
        const, terms = 0.0, []
        stack = [(1.0, e)]
        while stack:
            scale, e = stack.pop()
            kind = type(e)
            if kind in (float, int, np.float64):
                const += scale * e
            elif scale == 0.0:
                continue
            elif kind in _SUMS:
                stack.extend((scale, a) for a in reversed(e.args))
            elif kind in _MINUS:
                stack.append((-scale, e.args[0]))
            elif kind in _PRODUCTS and _is_number(e.args[0]):
                stack.append((scale * e.args[0], e.args[1]))
            elif kind in _PRODUCTS and _is_number(e.args[1]):
                stack.append((scale * e.args[1], e.args[0]))
            elif kind in _RATIOS and _is_number(e.args[1]):
                stack.append((scale / e.args[1], e.args[0]))
            else:
                node = self._node(e)
                if node <= -(1 << 40):
                    const += scale * self.numbers[-(node + (1 << 40))]
                else:
                    terms.append((scale, node))
        return const, terms

    def _node(self, e: Any) -> int:
        if _is_number(e):
            return self._constant(float(e))
        if not e.is_expression_type():
            # An immutable parameter is a number; a variable or a mutable parameter a leaf.
            return self._variable(e) if e.is_variable_type() or not e.is_constant() else self._constant(float(e()))
        key = id(e)
        if key in self._seen:
            return self._seen[key]
        node = self._seen[key] = self._inner(e)
        self._alive.append(e)  # an address may serve another object once this one is gone
        return node

    def _inner(self, e: Any) -> int:
        kind = type(e)
        if e.is_named_expression_type():
            return self._node(e.expr)
        if kind in _PRODUCTS or kind in _RATIOS or kind in _POWERS:
            a, b = e.args
            if kind in _POWERS and _is_number(b):
                return self._new(POWER, [self._node(a)], [1.0], float(b))
            if not any(_is_number(x) for x in (a, b)) or kind in _POWERS or (kind in _RATIOS and _is_number(a)):
                op = MUL if kind in _PRODUCTS else DIV if kind in _RATIOS else POW
                return self._new(op, [self._node(a), self._node(b)], [1.0, 1.0], 0.0)
        if kind in _CALLS and e.getname() in _UNARY:
            op, const = _UNARY[e.getname()]
            return self._new(op, [self._node(e.args[0])], [1.0], const)
        if kind in _MODULUS:
            return self._new(ABS, [self._node(e.args[0])], [1.0], 0.0)
        if kind in _SUMS or kind in _MINUS or kind in _PRODUCTS or kind in _RATIOS:
            const, terms = self._linear(e)
            return self._sum(const, terms) if terms else self._constant(const)
        raise CGEError(f"the expression {str(e)[:80]} has a function ({e.getname()}) that the derivatives do not know; "
                       "write it with + - * / **, log, exp, sqrt or abs")


def _is_number(e: Any) -> bool:
    return isinstance(e, (float, int, np.floating, np.integer))
