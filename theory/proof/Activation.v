(** * The activation functions are smooth

    [rho_derivative], [slope_derivative]: the first and the second derivative, which the theorems
    need; [activation_smooth]: the derivatives of every order; [matching_loss_derivative].  The
    first derivatives of tanh and of the sigmoid are in [Prototypical.v].

    The idea for the higher derivatives: the first is a polynomial in the function itself,
    [1 - X^2] or [4 X (1 - X)], and so are all others. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Drift Prototypical Layered FiniteVectors Differentiation.
Set Implicit Arguments.
Open Scope R_scope.

(** ** First and second derivative *)

Lemma rho_derivative a v : is_derive (rho a) v (slope a v).
Proof.
destruct a; simpl. exact (tanh_derivative v). exact (sigmoid_derivative v). apply (@is_derive_id R_AbsRing v).
Qed.
Lemma slope_positive a v : 0 < slope a v.
Proof.
destruct a; simpl. assert (H := tanh_bounds v). nra. assert (H := sigmoid_bounds v). nra. lra.
Qed.

(** Polynomials in the activation. *)
Inductive polynomial := Var | Const (c : R) | Plus (P Q : polynomial) | Times (P Q : polynomial).
Fixpoint poly_value (P : polynomial) (x : R) : R :=
  match P with Var => x | Const c => c | Plus P Q => poly_value P x + poly_value Q x | Times P Q => poly_value P x * poly_value Q x end.
Fixpoint poly_derivative (P : polynomial) : polynomial :=
  match P with
  | Var => Const 1 | Const _ => Const 0
  | Plus P Q => Plus (poly_derivative P) (poly_derivative Q)
  | Times P Q => Plus (Times (poly_derivative P) Q) (Times P (poly_derivative Q)) end.
Lemma poly_value_derivative P x : is_derive (poly_value P) x (poly_value (poly_derivative P) x).
Proof.
induction P as [|c|P IHP Q IHQ|P IHP Q IHQ]; simpl.
- apply (@is_derive_id R_AbsRing x).
- apply (@is_derive_const R_AbsRing R_NormedModule c x).
- exact (@is_derive_plus R_AbsRing R_NormedModule _ _ x _ _ IHP IHQ).
- exact (is_derive_mult (poly_value P) (poly_value Q) x _ _ IHP IHQ Rmult_comm).
Qed.

(** [slope a] is this polynomial of [rho a]. *)
Definition slope_polynomial (a : activation) : polynomial :=
  match a with
  | Tanh => Plus (Const 1) (Times (Const (-1)) (Times Var Var))
  | Sigmoid => Times (Times (Const 4) Var) (Plus (Const 1) (Times (Const (-1)) Var))
  | Identity => Const 1 end.
Lemma slope_value a v : slope a v = poly_value (slope_polynomial a) (rho a v).
Proof. destruct a; simpl; ring. Qed.

Fixpoint nth_derivative (a : activation) (n : nat) : polynomial :=
  match n with O => Var | S n => Times (poly_derivative (nth_derivative a n)) (slope_polynomial a) end.
Lemma polynomial_of_activation a P v :
  is_derive (fun v => poly_value P (rho a v)) v (poly_value (Times (poly_derivative P) (slope_polynomial a)) (rho a v)).
Proof.
assert (H := is_derive_comp (poly_value P) (rho a) v _ _ (poly_value_derivative P (rho a v)) (rho_derivative a v)).
rewrite slope_value in H. cbn [poly_value]. rewrite Rmult_comm. exact H.
Qed.

(** The derivative of order [n] exists everywhere, and is [nth_derivative a n] of the activation. *)
Theorem activation_smooth (a : activation) (n : nat) (v : R) :
  ex_derive_n (rho a) n v /\ Derive_n (rho a) n v = poly_value (nth_derivative a n) (rho a v).
Proof.
assert (E : forall m w, Derive_n (rho a) m w = poly_value (nth_derivative a m) (rho a w)).
{ induction m as [|m IH]; intros w. reflexivity.
  simpl Derive_n. rewrite (Derive_ext _ _ w IH). apply is_derive_unique. apply polynomial_of_activation. }
split; [|apply E].
destruct n as [|n]. exact I.
exists (poly_value (nth_derivative a (S n)) (rho a v)).
apply is_derive_ext with (fun v => poly_value (nth_derivative a n) (rho a v)). intros w. symmetry. apply E.
apply polynomial_of_activation.
Qed.

Lemma continuous_of_derivative (f : R -> R) (v d : R) : is_derive f v d -> continuous f v.
Proof. intros H. apply (@filterdiff_continuous R_AbsRing R_NormedModule R_NormedModule). eexists. exact H. Qed.
Definition curvature (a : activation) (v : R) : R := poly_value (Times (poly_derivative (slope_polynomial a)) (slope_polynomial a)) (rho a v).
Lemma slope_derivative a v : is_derive (slope a) v (curvature a v).
Proof.
apply is_derive_ext with (fun v => poly_value (slope_polynomial a) (rho a v)). intros w. symmetry. apply slope_value.
apply polynomial_of_activation.
Qed.
Lemma rho_strict a v : strictly_differentiable R_NormedModule R_NormedModule (rho a) v (fun h => h * slope a v).
Proof. apply strict_of_C1. apply rho_derivative. exact (continuous_of_derivative (slope_derivative a v)). Qed.
Lemma slope_strict a v : strictly_differentiable R_NormedModule R_NormedModule (slope a) v (fun h => h * curvature a v).
Proof.
apply strict_of_C1. apply slope_derivative.
exact (continuous_of_derivative (polynomial_of_activation a (Times (poly_derivative (slope_polynomial a)) (slope_polynomial a)) v)).
Qed.

(** ** The loss that matches the activation *)

Lemma matching_loss_derivative a y v : is_derive (matching_loss a y) (rho a v) ((rho a v - y) / slope a v).
Proof.
destruct a; simpl. exact (tanh_modified_loss v y). exact (sigmoid_modified_loss v y).
change (is_derive (fun s => (s - y) * (s - y) / 2) v ((v - y) / 1)). auto_derive. exact I. field.
Qed.
