(** * The joint limit at a fixed ratio [kappa = eta / beta]

    - [cep_joint_limit]: C-EP follows BPTT of the network with the Jacobian [J + kappa B B^T];
    - [cep_joint_limit_wrong]: at [t = 1] this is minus the gradient if and only if [kappa = 0] or the
      gradient of [theta] vanishes, as [<B B^T g, g> = |B^T g|^2]. *)

From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential.
Set Implicit Arguments.
Open Scope R_scope.

Section JointLimit.
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
Local Notation J := (dF_ds DF).
Local Notation B := (dF_dtheta DF).
Local Notation C := (dPhi_theta_ds DPhi_theta).
Local Notation cep_Delta_s := (Delta_s F grad_ell (ep_rule Phi_theta) s_star theta).
Local Notation cep_Delta_theta := (Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta).
Local Notation J_linear := (@dF_ds_linear State Param F s_star theta DF F_diff).
Local Notation B_linear := (@dF_dtheta_linear State Param F s_star theta DF F_diff).
Local Notation C_linear := (@dPhi_theta_ds_linear State Param Phi_theta s_star theta DPhi_theta Phi_theta_diff).
Local Notation F_diff_split := (@F_diff_split State Param F s_star theta DF F_diff).
Local Notation ep_rule_diff := (@ep_rule_diff State Param s_star theta Phi_theta DPhi_theta Phi_theta_diff).
Local Notation ep_rule_at_rest := (@ep_rule_at_rest State Param Phi_theta s_star theta).
Local Notation gradients := (@bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled).
Local Notation adjoint := (@mixed_derivative_adjoint State Param ipS ipT HS HT Phi F Phi_theta s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff).

Theorem cep_joint_limit {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) (kappa : R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (kappa:R)) -> forall t,
  filterlim (fun x => cep_Delta_s (beta x) (eta x) t) FF
     (locally (opp (iterate (fun y => plus (J y) (scal (kappa : R_AbsRing) (B (C y)))) t (grad_ell s_star)))) /\
  filterlim (fun x => cep_Delta_theta (beta x) (eta x) t) FF
     (locally (opp (C (iterate (fun y => plus (J y) (scal (kappa : R_AbsRing) (B (C y)))) t (grad_ell s_star))))).
Proof.
intros Hb Hb0 He0 Hk t.
destruct (@Delta_limit_closed State Param F grad_ell (ep_rule Phi_theta) s_star theta J B C J_linear B_linear C_linear settled ep_rule_at_rest F_diff_split ep_rule_diff grad_ell_cont T FF HF beta eta kappa Hb Hb0 Hk t) as [H1 [_ H3]].
split. exact H1.
assert (E : forall y, C (opp y) = opp (C y)) by (intros y; exact (linear_opp C y C_linear)).
rewrite <- E. exact (H3 He0).
Qed.

Theorem cep_joint_limit_wrong {T : Type} (FF : (T -> Prop) -> Prop) {HF : ProperFilter' FF} (beta eta : T -> R) (kappa : R) (g1 : State) (gth1 : Param) :
  is_gradient State ipS (fun s => ell (free_phase F theta 1 s)) s_star g1 ->
  is_gradient Param ipT (fun th => ell (F (s_star, th))) theta gth1 ->
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (kappa:R)) ->
  (filterlim (fun x => cep_Delta_s (beta x) (eta x) 1) FF (locally (opp g1)) <-> kappa = 0 \/ gth1 = zero).
Proof.
intros Hg1 Hgth Hb Hb0 He0 Hk.
destruct (gradients 1) as [G1 _]. destruct (gradients 0) as [_ G2].
rewrite (gradient_unique HS Hg1 G1), (gradient_unique HT Hgth G2). simpl.
destruct (@cep_joint_limit T FF _ beta eta kappa Hb Hb0 He0 Hk 1) as [L _]. simpl in L.
set (g := grad_ell s_star) in *.
split.
- intros L'.
  assert (E := @filterlim_locally_unique T R_AbsRing State FF _ _ _ _ L L').
  assert (E' : scal (kappa : R_AbsRing) (B (C g)) = zero).
  { transitivity (minus (opp (opp (plus (J g) (scal (kappa : R_AbsRing) (B (C g)))))) (J g)). module State.
    assert (E2 : opp (opp (plus (J g) (scal (kappa : R_AbsRing) (B (C g))))) = opp (opp (J g))) by (apply f_equal; exact E).
    rewrite E2. module State. }
  assert (Q : kappa * ipT (C g) (C g) = 0).
  { rewrite <- adjoint, <- (ipSl HS), E', (ip_sym HS zero). apply (ip0r HS). }
  destruct (eq_dec (C g) zero) as [N|N]. now right.
  left. generalize (ip_pos HT N). intros P. apply Rmult_integral in Q. destruct Q; lra.
- intros [K|K].
  + subst kappa. replace (J g) with (plus (J g) (scal (0 : R_AbsRing) (B (C g)))) by module State. exact L.
  + replace (J g) with (plus (J g) (scal (kappa : R_AbsRing) (B (C g)))). exact L.
    assert (E1 : B (C g) = zero) by (rewrite K; exact (linear_zero B B_linear)).
    rewrite E1. module State.
Qed.
End JointLimit.
