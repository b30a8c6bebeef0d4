(** * What a primitive function adds

    [F] and [Phi_theta] are the partial gradients of one function [Phi].  So its second derivative is
    symmetric ([second_derivative_symmetric]), which says three things about its blocks: the Jacobian
    [dF/ds] is symmetric ([jacobian_symmetric]), and [dF/dtheta] and [dPhi_theta/ds] are each other's
    transposes ([mixed_derivative_adjoint]).  With them BPTT's recurrence, which runs on transposes,
    runs on the Jacobian itself ([bptt_gradients]). *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules.
Set Implicit Arguments.
Open Scope R_scope.

Section Potential.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param) (ell : State -> R) (grad_ell : State -> State).
Variables (s_star : State) (theta : Param).
Hypothesis primitive : locally ((s_star, theta) : Z) (fun z => is_gradient Z (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)).
Variables (DF : State * Param -> State) (DPhi_theta : State * Param -> Param).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF.
Hypothesis Phi_theta_diff : filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta.
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis settled : F (s_star, theta) = s_star.

(** ** Total derivatives and their parts *)

Lemma lin_in1 : is_linear (U := State) (V := Z) (fun x => (x, zero)).
Proof. apply is_linear_prod. apply is_linear_id. apply is_linear_zero. Qed.
Lemma lin_in2 : is_linear (U := Param) (V := Z) (fun x => (zero, x)).
Proof. apply is_linear_prod. apply is_linear_zero. apply is_linear_id. Qed.
Lemma dF_ds_linear : is_linear (dF_ds DF). Proof. exact (@is_linear_comp R_AbsRing State Z State _ _ lin_in1 (proj1 F_diff)). Qed.
Lemma dF_dtheta_linear : is_linear (dF_dtheta DF). Proof. exact (@is_linear_comp R_AbsRing Param Z State _ _ lin_in2 (proj1 F_diff)). Qed.
Lemma dPhi_theta_ds_linear : is_linear (dPhi_theta_ds DPhi_theta). Proof. exact (@is_linear_comp R_AbsRing State Z Param _ _ lin_in1 (proj1 Phi_theta_diff)). Qed.
Lemma split_lin (V : NM) (l : Z -> V) : is_linear l -> forall h, l h = plus (l (fst h, zero)) (l (zero, snd h)).
Proof.
intros Hl [a b]. simpl. symmetry. etransitivity. symmetry. exact (linear_plus l Hl (a, zero) (zero, b)).
f_equal. apply injective_projections; simpl. change (plus a zero = a). module State. change (plus zero b = b). module Param.
Qed.
Lemma F_diff_split : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus ((dF_ds DF) (fst h)) ((dF_dtheta DF) (snd h))).
Proof. eapply filterdiff_ext_lin. exact F_diff. apply (@split_lin State DF (proj1 F_diff)). Qed.

(** ** The second derivative of [Phi] is symmetric *)

Lemma hess (h k : Z) : ipS (DF k) (fst h) + ipT (DPhi_theta k) (snd h) = ipS (fst k) (DF h) + ipT (snd k) (DPhi_theta h).
Proof.
assert (HIP := is_inner_product_prod HS HT).
assert (HDH : filterdiff (U := Z) (V := Z) (fun z => (F z, Phi_theta z)) (locally ((s_star, theta) : Z)) (fun h => (DF h, DPhi_theta h))).
{ destruct F_diff as [l1 d1]. destruct Phi_theta_diff as [l2 d2].
  exact (@filterdiff_comp'_2 R_AbsRing Z State Param Z F Phi_theta (fun a b => (a, b)) (s_star, theta) DF DPhi_theta (fun a b => (a, b)) F_diff Phi_theta_diff
   (filterdiff_ext (fun z : Z => z) (fun z : Z => (fst z, snd z)) (fun z : Z => (fst z, snd z))
       (fun z => match z with (a, b) => eq_refl end)
     (filterdiff_ext_lin (fun z : Z => z) (fun z : Z => z) (fun z : Z => (fst z, snd z)) (filterdiff_id _) (fun z => match z with (a, b) => eq_refl end)))). }
exact (@second_derivative_symmetric Z (@product_inner State Param ipS ipT) HIP Phi (fun z => (F z, Phi_theta z)) (fun h => (DF h, DPhi_theta h)) (s_star, theta) primitive HDH h k).
Qed.
Lemma jacobian_symmetric x y : ipS ((dF_ds DF) x) y = ipS x ((dF_ds DF) y).
Proof.
generalize (hess (y, zero) (x, zero)). unfold dF_ds; simpl.
assert (E : forall z, ipT z zero = 0) by apply (ip0r HT).
rewrite (ip_sym HT zero), !E. lra.
Qed.
Lemma mixed_derivative_adjoint v y : ipS ((dF_dtheta DF) v) y = ipT v ((dPhi_theta_ds DPhi_theta) y).
Proof.
generalize (hess (y, zero) (zero, v)). unfold dF_dtheta, dPhi_theta_ds; simpl.
rewrite (ip0r HT), (ip_sym HS zero), (ip0r HS). lra.
Qed.

Notation cep_Delta_s := (Delta_s F grad_ell (ep_rule Phi_theta) s_star theta).
Notation cep_Delta_theta := (Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta).
Lemma ep_rule_at_rest : ep_rule Phi_theta ((s_star, theta), s_star) = zero.
Proof. unfold ep_rule; simpl. module Param. Qed.
Lemma gs_iter t : nabla_s (grad_ell s_star) (dF_ds DF) t = iterate (dF_ds DF) t (grad_ell s_star).
Proof. induction t; simpl; congruence. Qed.

(** ** BPTT's gradients, by powers of the Jacobian *)
Lemma bptt_gradients t :
  is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star (iterate (dF_ds DF) t (grad_ell s_star)) /\
  is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta ((dPhi_theta_ds DPhi_theta) (iterate (dF_ds DF) t (grad_ell s_star))).
Proof.
split.
- rewrite <- gs_iter. apply (@bptt_gradient_state State Param ipS HS F ell (grad_ell s_star) s_star theta (dF_ds DF) (dF_dtheta DF) settled F_diff_split ell_grad dF_dtheta_linear (dF_ds DF) jacobian_symmetric).
- rewrite <- gs_iter. apply (@bptt_gradient_param State Param ipS ipT HS HT F ell (grad_ell s_star) s_star theta (dF_ds DF) (dF_dtheta DF) settled F_diff_split ell_grad dF_ds_linear dF_dtheta_linear (dF_ds DF) (dPhi_theta_ds DPhi_theta) jacobian_symmetric mixed_derivative_adjoint t).
Qed.

(* One theta shared by K steps: the gradient is the sum over its copies. *)
Lemma total_bptt_gradient (K : nat) : exists g_th : nat -> Param,
  (forall t, is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta (g_th t)) /\
  is_gradient Param ipT (fun th => ell (unrolled_shared F s_star K th)) theta (partial_sum g_th K).
Proof.
exists (nabla_theta (grad_ell s_star) (dF_ds DF) (dPhi_theta_ds DPhi_theta)). split.
- intros t. exact (@bptt_gradient_param State Param ipS ipT HS HT F ell (grad_ell s_star) s_star theta (dF_ds DF) (dF_dtheta DF) settled F_diff_split ell_grad dF_ds_linear dF_dtheta_linear (dF_ds DF) (dPhi_theta_ds DPhi_theta) jacobian_symmetric mixed_derivative_adjoint t).
- exact (@bptt_gradient_total State Param ipS ipT HS HT F ell (grad_ell s_star) s_star theta (dF_ds DF) (dF_dtheta DF) settled F_diff_split ell_grad (dF_ds DF) (dPhi_theta_ds DPhi_theta) jacobian_symmetric mixed_derivative_adjoint K).
Qed.
End Potential.
